"""Keeps `house.version` fresh: reads the version counter a few times a second, so that polls need no database."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from webapp.house import House

EVERY = 0.25  # seconds

log = logging.getLogger(__name__)


@contextmanager
def watching(house: House) -> Iterator[None]:
    """For as long as the block runs."""
    ended = threading.Event()
    thread = threading.Thread(target=_watch, args=(house, ended), name="watcher", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(5)


def _watch(house: House, ended: threading.Event) -> None:
    was_well = True
    while not ended.wait(EVERY):
        try:
            house.look_for_changes()
            was_well = True
        except SQLAlchemyError as error:  # the database may come back; pages say meanwhile that it is gone
            if was_well:
                log.warning("the version counter cannot be read: %s", error)
            was_well = False
