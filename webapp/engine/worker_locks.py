"""Proof of life: every process that runs tasks holds an exclusive lock on run/<worker>.lock until it dies."""

import fcntl
import os
import secrets
from pathlib import Path


class WorkerLock:
    """Held from `take` until the process ends; a child made by the fork server does not inherit it."""

    def __init__(self, run_dir: Path, worker: str) -> None:
        self._path = _path(run_dir, worker)
        self._handle = -1

    def take(self) -> None:
        # Whoever cleans up may remove the file between our opening and our locking it: then the lock proves nothing.
        while True:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(handle, fcntl.LOCK_EX)
            if _is_still(handle, self._path):
                self._handle = handle
                return
            os.close(handle)

    def release(self) -> None:
        if self._handle >= 0:
            self._path.unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = -1


def new_worker(run_dir: Path, role: str) -> str:
    """A name that no other process ever had: this machine, what it does, and chance."""
    return f"{machine(run_dir)}-{role}-{secrets.token_hex(4)}"


def machine(run_dir: Path) -> str:
    """The name of this data directory's machine, made once: locks of others' machines cannot be judged from here."""
    path = run_dir / "machine"
    try:
        with path.open("x") as out:
            out.write(secrets.token_hex(4))
    except FileExistsError:
        pass
    return path.read_text() or "local"


def is_held(run_dir: Path, worker: str) -> bool:
    """Whether that worker lives; a lock of another machine counts as held."""
    if not worker.startswith(machine(run_dir) + "-"):
        return True
    try:
        handle = os.open(_path(run_dir, worker), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(handle)


def living(run_dir: Path) -> list[str]:
    """The workers of this machine that live; what the dead left behind is removed."""
    names = [path.stem for path in run_dir.glob("*.lock")]
    alive = [name for name in names if is_held(run_dir, name)]
    for name in set(names) - set(alive):
        _path(run_dir, name).unlink(missing_ok=True)
    return alive


def _path(run_dir: Path, worker: str) -> Path:
    return run_dir / f"{worker}.lock"


def _is_still(handle: int, path: Path) -> bool:
    try:
        return os.fstat(handle).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False
