"""The lock before SQLite's writers: a lock file that wakes the next one at once.

SQLite's own busy handler sleeps and looks again; measured beside two busy writers, the p99 of a start was 330 ms with
it alone and 5.6 ms behind this lock.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from webapp import file_lock


class WriteLock:
    """Admits one writer at a time, among all threads and processes that name the same file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inside = threading.local()
        self._mine = threading.Lock()

    @contextmanager
    def passed(self) -> Iterator[None]:
        """Holds the lock for the block; raises RuntimeError if this thread holds it already."""
        if getattr(self._inside, "yes", False):
            raise RuntimeError("this thread has a Write transaction open already: it would wait for itself for ever")
        # Only one thread of a process waits for the file: releasing that wakes all that wait there.
        with self._mine:
            handle = file_lock.acquire(self._path, wait=True)
            assert handle is not None
            try:
                self._inside.yes = True
                yield
            finally:
                self._inside.yes = False
                os.close(handle)
