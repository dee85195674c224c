"""Whose turn it is at a place that takes only so many at once: among threads without a system call, then processes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

WAIT = 0.05  # seconds that a thread waits for another one before it looks whether somebody wants it to end


class Places(Protocol):
    """The same among processes: a lock file for each place."""

    def take(self) -> bool: ...

    def give_back(self) -> None: ...


class Permit:
    """One thread's place, once it has one."""

    def __init__(self, free: threading.Semaphore, places: Places) -> None:
        self._free, self._places = free, places
        self._has_one = False

    def take(self) -> bool:
        """Waits a moment for it; False if there is none. One that is held is checked: its lock file may have gone."""
        if not self._has_one and not self._free.acquire(timeout=WAIT):
            return False
        try:
            self._has_one = self._places.take()
        finally:
            if not self._has_one:
                self._free.release()
        return self._has_one

    def give_back(self) -> None:
        self._places.give_back()
        if self._has_one:
            self._has_one = False
            self._free.release()


class Permits:
    """Those of one process."""

    def __init__(self) -> None:
        self._free: dict[str, threading.Semaphore] = {}
        self._lock = threading.Lock()

    @contextmanager
    def at(self, name: str, number: int, places: Places) -> Iterator[Permit]:
        """One of `number` places; given back when the block ends."""
        with self._lock:
            free = self._free.setdefault(name, threading.Semaphore(number))
        turn = Permit(free, places)
        try:
            yield turn
        finally:
            turn.give_back()
