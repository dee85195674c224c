"""Requeues the tasks of workers that died; a worker is dead when its lock can be taken."""

import os
import time
from collections.abc import Iterable

from sqlalchemy import Connection, select

from webapp.db import schema
from webapp.engine.worker_locks import is_held, living
from webapp.tasks import commands
from webapp.tasks.model import State
from webapp.tasks.resources import TaskResources

t = schema.task
LOOK_EVERY = 0.02  # seconds
RELEASE_SECONDS = 2.0  # a killed process keeps its lock until the kernel has removed it


def requeue_lost(installation: TaskResources) -> None:
    """Requeues running tasks whose worker is gone: after a crash, or from an earlier supervisor."""
    with installation.read() as conn:
        workers = _workers(conn)
    for worker in workers:
        if not is_held(installation.run_dir, worker):
            _recover(installation, worker, counted=False)


def requeue(installation: TaskResources, worker: str, *, counted: bool) -> None:
    """Requeues the task of a worker that has just died, as soon as its lock is free."""
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
