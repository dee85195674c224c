"""Puts back the tasks of workers that died, which their lock files prove."""

import os
import time
from collections.abc import Collection, Iterable

from sqlalchemy import Connection, select

from webapp.db import schema
from webapp.engine import worker_locks
from webapp.engine.worker_locks import LockState, is_held, living
from webapp.tasks import commands
from webapp.tasks.model import State
from webapp.tasks.resources import TaskResources

t = schema.task
LOOK_EVERY = 0.02  # seconds
RELEASE_SECONDS = 2.0  # a killed process holds its lock until the kernel has ended it
MISSING_SECONDS = 4.0  # a living worker makes its lock file again within one; then it counts as dead


class Recovery:
    """Puts back the tasks that run in the table while their worker is dead: after a crash, or of an earlier start."""

    def __init__(self, installation: TaskResources) -> None:
        self._installation = installation
        self._missing: dict[str, float] = {}  # workers without a lock file, and since when (monotonic)

    def put_back_lost(self, own: Collection[str] = ()) -> None:
        """Also removes the lock files of the dead; `own` are workers that the caller knows to live."""
        run_dir = self._installation.run_dir
        gone = set(worker_locks.dead(run_dir))
        with self._installation.read() as conn:
            workers = set(_workers(conn)) - set(own)
        self._missing = {worker: since for worker, since in self._missing.items() if worker in workers}
        for worker in sorted(workers):
            if self._is_dead(worker):
                _recover(self._installation, worker, counted=False)
        for worker in gone:  # dead before the table was read: all its tasks have been put back
            worker_locks.remove(run_dir, worker)

    @property
    def is_undecided(self) -> bool:
        """True while a lock file is missing whose worker may still make it again."""
        return bool(self._missing)

    def _is_dead(self, worker: str) -> bool:
        state = worker_locks.state_of(self._installation.run_dir, worker)
        if state is LockState.MISSING:
            return time.monotonic() - self._missing.setdefault(worker, time.monotonic()) > MISSING_SECONDS
        self._missing.pop(worker, None)
        return state is LockState.FREE


def put_back(installation: TaskResources, worker: str, *, counted: bool) -> None:
    """Puts back the tasks of a worker whose process has ended, as soon as the kernel has released its lock."""
    end = time.monotonic() + RELEASE_SECONDS
    while is_held(installation.run_dir, worker) and time.monotonic() < end:
        time.sleep(LOOK_EVERY)
    if not is_held(installation.run_dir, worker):
        _recover(installation, worker, counted=counted)


def slots_alive(installation: TaskResources, queues: Iterable[str]) -> bool:
    """Whether each queue has a slot on this machine that lives."""
    alive = {worker.split("-")[1] for worker in living(installation.run_dir)}
    return all(queue in alive for queue in queues)


def is_alive(pid: int | None) -> bool:
    """Whether a process with this id is there and not a zombie."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        if os.path.isdir("/proc/self"):
            return False
    try:
        os.kill(pid or 0, 0)
    except ProcessLookupError:
        return False
    return True


def _workers(conn: Connection) -> list[str]:
    query = select(t.c.worker).where(t.c.state == State.RUNNING, t.c.worker.is_not(None)).distinct()
    return list(conn.execute(query).scalars())


def _recover(installation: TaskResources, worker: str, *, counted: bool) -> None:
    with installation.write() as conn:
        query = select(t.c.id, t.c.attempt).where(t.c.state == State.RUNNING, t.c.worker == worker)
        for task_id, attempt in conn.execute(query).all():
            commands.recover(conn, installation.engine, task_id, attempt, counted=counted)
