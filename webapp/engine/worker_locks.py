"""Proof of life: every process that runs tasks holds an exclusive lock on run/<worker>.lock until it dies."""

import contextlib
import fcntl
import logging
import os
import re
import secrets
import socket
import threading
from enum import Enum
from pathlib import Path

from webapp import file_lock

MARK = b"Locked while its worker lives.\n"  # a file without it was not made by a worker
CHECK_EVERY = 0.5  # seconds between two checks by a worker of its own lock file
log = logging.getLogger("outtray.engine")


class LockState(Enum):
    """The state of a worker's lock file."""

    HELD = "held"  # the worker lives
    FREE = "free"  # it is dead: its file appears locked, and it never unlocks it before the end
    MISSING = "missing"  # unknown: the file was deleted or replaced, and a living worker creates it again soon


class WorkerLock:
    """A lock from `take` until `release` or the death of the process; created again if its file is deleted."""

    def __init__(self, run_dir: Path, worker: str) -> None:
        self._path = _path(run_dir, worker)
        self._handle = -1
        self._changing = threading.Lock()
        self._released = threading.Event()

    def take(self) -> None:
        self._handle = self._make()
        threading.Thread(target=self._keep, name="worker-lock", daemon=True).start()

    def release(self) -> None:
        """Unlocks the file, which stays until recovery has requeued the worker's tasks."""
        with self._changing:
            self._released.set()
            if self._handle >= 0:
                os.close(self._handle)
                self._handle = -1

    def _make(self) -> int:
        """Locks a new file before it gets its name, so that no process ever finds it unlocked."""
        self._path.parent.mkdir(exist_ok=True, mode=0o700)
        unnamed = self._path.with_suffix(".new")
        handle = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            with contextlib.suppress(OSError):  # a full disk: this death will be known by the lease of its tasks
                os.write(handle, MARK)
            unnamed.replace(self._path)
        except BaseException:
            os.close(handle)
            raise
        return handle

    def _keep(self) -> None:
        while not self._released.wait(CHECK_EVERY):
            try:
                self._make_again_if_gone()
            except OSError as error:  # a full disk, or no data directory: tried again
                log.warning("%s cannot be made again: %s", self._path, error)

    def _make_again_if_gone(self) -> None:
        with self._changing:
            if self._released.is_set() or file_lock.is_current(self._handle, self._path):
                return
            gone, self._handle = self._handle, self._make()
            os.close(gone)
        log.warning("%s was gone and has been made again", self._path)


def new_worker(role: str) -> str:
    """Returns a unique name: the machine, the role of the process and a random part."""
    host = re.sub(r"[^A-Za-z0-9.]", "_", socket.gethostname())[:40]
    return f"{host}-{role}-{secrets.token_hex(4)}"


def role_of(worker: str) -> str:
    """Returns the role of a worker: web, or the queue that its slot serves."""
    return worker.rsplit("-", 2)[-2] if worker.count("-") >= 2 else ""


def state_of(run_dir: Path, worker: str) -> LockState:
    """Returns the state of this worker's lock file."""
    try:
        handle = os.open(_path(run_dir, worker), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return LockState.MISSING
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return LockState.FREE if os.pread(handle, len(MARK), 0) == MARK else LockState.MISSING
    except BlockingIOError:
        return LockState.HELD
    finally:
        os.close(handle)


def is_held(run_dir: Path, worker: str) -> bool:
    """Returns True if this worker provably lives."""
    return state_of(run_dir, worker) is LockState.HELD


def living(run_dir: Path) -> list[str]:
    """Returns the workers of this machine that live."""
    return [worker for worker in _workers(run_dir) if is_held(run_dir, worker)]


def dead(run_dir: Path) -> list[str]:
    """Returns the workers of this machine that died or ended and left their lock files behind."""
    return [worker for worker in _workers(run_dir) if state_of(run_dir, worker) is LockState.FREE]


def remove(run_dir: Path, worker: str) -> None:
    """Removes the lock file of a dead worker."""
    _path(run_dir, worker).unlink(missing_ok=True)


def _workers(run_dir: Path) -> list[str]:
    try:
        return [name.removesuffix(".lock") for name in os.listdir(run_dir) if name.endswith(".lock")]
    except FileNotFoundError:
        return []


def _path(run_dir: Path, worker: str) -> Path:
    return run_dir / f"{worker}.lock"
