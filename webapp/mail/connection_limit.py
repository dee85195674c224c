"""How many may be connected to one mail server at once, among all processes of this machine: a lock file for each.

Locks end with the process that holds them, so nothing has to be cleaned up after a kill. Whoever waits for a place
holds a lock of its own, by which a run hears that somebody wants in: a single mail goes first, at once; another run
after a while.
"""

import fcntl
import hashlib
import os
import time
from pathlib import Path

HELD_SECONDS = 5.0  # that a run keeps its place while another run waits for one


class ConnectionLimit:
    """The places at one server, as one process uses them: it holds none or one."""

    def __init__(self, folder: Path, target: str, number: int, *, is_urgent: bool) -> None:
        self._name = folder / f"place-{hashlib.sha256(target.encode()).hexdigest()[:16]}"
        self._number, self._is_urgent = number, is_urgent
        self._place: int | None = None
        self._wish: int | None = None
        self._since = 0.0

    @property
    def has_one(self) -> bool:
        return self._place is not None

    def take(self) -> bool:
        """Takes a free place; False where there is none: ask again soon, the others have heard of it."""
        if self._place is not None:
            return True
        if self._wish is None:
            self._wish = self._lock("urgent" if self._is_urgent else "waits")
        if self._wish is None or (not self._is_urgent and self._is_locked("urgent")):
            return False
        for number in range(self._number):
            self._place = self._lock(str(number))
            if self._place is not None:
                self._since = time.monotonic()
                self._forget_wish()
                return True
        return False

    def is_wanted(self) -> bool:
        """Whether whoever holds a place had better give it back now."""
        if self._place is None or self._is_urgent:
            return False
        return self._is_locked("urgent") or (time.monotonic() - self._since > HELD_SECONDS and self._is_locked("waits"))

    def give_back(self) -> None:
        """Lets go of the place, and of the wish for one."""
        self._forget_wish()
        if self._place is not None:
            os.close(self._place)
            self._place = None

    def _forget_wish(self) -> None:
        if self._wish is not None:
            os.close(self._wish)
            self._wish = None

    def _lock(self, name: str) -> int | None:
        handle = os.open(f"{self._name}-{name}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        return handle

    def _is_locked(self, name: str) -> bool:
        handle = self._lock(name)
        if handle is None:
            return True
        os.close(handle)
        return False
