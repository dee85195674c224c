"""Seals the audit trail and runs retention once an hour; not retention if this machine's clock may be wrong."""

import logging

from webapp import clock
from webapp.db import time_check
from webapp.installation import Installation
from webapp.maintenance import audit_seals, retention

EVERY = 3_600.0  # seconds
log = logging.getLogger("outtray.housekeeping")


class Housekeeping:
    """The hourly loop; `begin` comes before anything else is written after a start."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._counted = clock.monotonic()
        self._seals = audit_seals.Sealing(installation)

    def begin(self) -> None:
        """Notes what the clock says, before new rows bear a time that may be wrong."""
        with self._installation.write() as conn:
            time_check.confirm(conn, counts=False)

    def step(self) -> None:
        """Seals what was recorded; deletes what is too old, or warns."""
        self._seals.step()
        moment = clock.monotonic()
        with self._installation.write() as conn:
            found = time_check.confirm(conn, counts=moment - self._counted >= EVERY)
        if moment - self._counted >= EVERY:
            self._counted = moment
        if found.is_believed:
            retention.clean(self._installation, found.moment)
        else:
            log.warning("%s", found.warning)
