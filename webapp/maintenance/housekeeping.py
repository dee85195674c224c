"""Runs retention once an hour for as long as the panel runs, unless the clock of this machine may be wrong."""

import logging

from webapp import clock
from webapp.db import time_check
from webapp.installation import Installation
from webapp.maintenance import retention

EVERY = 3_600.0  # seconds
log = logging.getLogger("outtray.housekeeping")


class Housekeeping:
    """The hourly loop; `begin` comes before anything else is written after a start."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._counted = clock.monotonic()

    def begin(self) -> None:
        """Notes what the clock says, before new rows bear a time that may be wrong."""
        with self._installation.write() as conn:
            time_check.confirm(conn, counts=False)

    def step(self) -> None:
        """Deletes what is too old, or warns."""
        moment = clock.monotonic()
        with self._installation.write() as conn:
            found = time_check.confirm(conn, counts=moment - self._counted >= EVERY)
        if moment - self._counted >= EVERY:
            self._counted = moment
        if found.is_believed:
            retention.clean(self._installation, found.moment)
        else:
            log.warning("%s", found.warning)
