"""Exclusive locks on files that other programs may delete: a lock counts only while others find the same file."""

import fcntl
import os
from pathlib import Path


def acquire(path: Path, *, wait: bool) -> int | None:
    """Returns an open handle that holds the lock on `path`, which is made if it is missing; closing it releases.

    Returns None if another handle holds it, which happens only without `wait`.
    """
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        except BaseException:
            os.close(handle)
            raise
        if is_current(handle, path):
            return handle
        os.close(handle)  # deleted between opening and locking: the next process would lock another file


def is_current(handle: int, path: Path) -> bool:
    """Returns True while `path` names the file that is open as `handle`."""
    ours = os.fstat(handle)
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return False
    return (ours.st_dev, ours.st_ino) == (found.st_dev, found.st_ino)
