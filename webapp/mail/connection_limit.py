"""Limits how many are connected to one mail server at once, among all processes of this machine: a lock file for each.

Locks end with the process that holds them, so nothing has to be cleaned up after a kill. A process that waits for a
permit holds a lock of its own, by which a run learns that another sender waits: a single mail goes first, at once;
another run after a while. A lock whose file vanished is taken again before the next message.
"""

import hashlib
import os
from pathlib import Path

from webapp import clock, file_lock

HELD_SECONDS = 5.0  # that a run keeps its permit while another run waits for one


class HeldLock:
    """A lock file that is held until `release`."""

    def __init__(self, path: Path, handle: int) -> None:
        self._path, self._handle = path, handle

    def renew(self) -> bool:
        """Takes the lock again if its file vanished; False, and released, if another process was quicker."""
        if file_lock.is_current(self._handle, self._path):
            return True
        self.release()
        again = _acquire(self._path)
        if again is None:
            return False
        self._handle = again
        return True

    def release(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


class ConnectionLimit:
    """The permits of one server, as one process uses them: it holds none or one."""

    def __init__(self, folder: Path, target: str, number: int, *, is_urgent: bool) -> None:
        self._name = folder / f"place-{hashlib.sha256(target.encode()).hexdigest()[:16]}"
        self._number, self._is_urgent = number, is_urgent
        self._permit: HeldLock | None = None
        self._request: HeldLock | None = None
        self._since = 0.0

    def take(self) -> bool:
        """Takes a free permit; False if there is none: ask again soon, the others have learned of it."""
        if self._permit is not None and self._permit.renew():
            return True
        self._permit = None
        if self._request is None or not self._request.renew():
            self._request = self._lock("urgent" if self._is_urgent else "waits")
        if self._request is None or (not self._is_urgent and self._is_locked("urgent")):
            return False
        for number in range(self._number):
            self._permit = self._lock(str(number))
            if self._permit is not None:
                self._since = clock.monotonic()
                self._forget_request()
                return True
        return False

    def is_wanted(self) -> bool:
        """Returns True if the holder should release its connection now."""
        if self._permit is None or self._is_urgent:
            return False
        return self._is_locked("urgent") or (
            clock.monotonic() - self._since > HELD_SECONDS and self._is_locked("waits")
        )

    def give_back(self) -> None:
        """Releases the permit, and the request for one."""
        self._forget_request()
        if self._permit is not None:
            self._permit.release()
            self._permit = None

    def _forget_request(self) -> None:
        if self._request is not None:
            self._request.release()
            self._request = None

    def _lock(self, name: str) -> HeldLock | None:
        path = self._name.with_name(f"{self._name.name}-{name}")
        handle = _acquire(path)
        return None if handle is None else HeldLock(path, handle)

    def _is_locked(self, name: str) -> bool:
        lock = self._lock(name)
        if lock is None:
            return True
        lock.release()
        return False


def _acquire(path: Path) -> int | None:
    path.parent.mkdir(exist_ok=True, mode=0o700)
    return file_lock.acquire(path, wait=False)
