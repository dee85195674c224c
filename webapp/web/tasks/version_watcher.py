"""Keeps `installation.version` fresh: reads it a few times a second, so that polls need no database."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from webapp.engine.local import Changes
from webapp.installation import Installation

EVERY = 0.25  # seconds

log = logging.getLogger(__name__)


@contextmanager
def watching(installation: Installation) -> Iterator[None]:
    """Watches for as long as the block runs."""
    ended = threading.Event()
    thread = threading.Thread(target=_watch, args=(installation, ended), name="watcher", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(5)


def _watch(installation: Installation, ended: threading.Event) -> None:
    changes: Changes | None = None  # none: nothing has been read yet, or the last look failed
    while not ended.wait(EVERY):
        try:
            # SQLite tells without a transaction whether there is anything to read.
            if changes is None or changes.any() or not installation.database.is_sqlite:
                changes = changes or Changes(installation.database)
                installation.look_for_changes()
        except Exception as error:  # noqa: BLE001 - database and disk may come back; pages say meanwhile that they are away
            if changes:
                log.warning("the version counter cannot be read: %s", error)
            changes = None
