"""Limits concurrent sends per target: a semaphore between threads, a lock file between processes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from webapp.mail.connection_limit import ConnectionLimit

WAIT = 0.05  # seconds that a thread waits for another one before it checks for a request to stop


class Permit:
    """ports.Permit of one thread."""

    def __init__(self, free: threading.Semaphore, limit: ConnectionLimit) -> None:
        self._free, self._limit = free, limit
        self._is_taken = False

    def take(self) -> bool:
        """Waits a moment for the permit; returns False if all are taken.

        A permit that is held is checked: its lock file may have vanished.
        """
        if not self._is_taken and not self._free.acquire(timeout=WAIT):
            return False
        try:
            self._is_taken = self._limit.take()
        finally:
            if not self._is_taken:
                self._free.release()
        return self._is_taken

    def give_back(self) -> None:
        """Returns the permit, if it was taken."""
        self._limit.give_back()
        if self._is_taken:
            self._is_taken = False
            self._free.release()


class Permits:
    """The concurrency limits of this process."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._free: dict[str, threading.Semaphore] = {}
        self._lock = threading.Lock()

    @contextmanager
    def permit(self, name: str, number: int) -> Iterator[Permit]:
        """Yields one of `number` permits for a target; returned when the block ends."""
        with self._lock:
            free = self._free.setdefault(name, threading.Semaphore(number))
        permit = Permit(free, ConnectionLimit(self._run_dir, name, number, is_urgent=False))
        try:
            yield permit
        finally:
            permit.give_back()
