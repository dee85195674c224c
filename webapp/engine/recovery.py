"""Requeues the running tasks that have no living owner, and fails the waiting tasks that no worker can serve.

A task's owner renews it every few seconds (engine/task_watch.py). Two proofs of an owner's death count: its worker's
lock can be taken on this machine, or the task was not renewed for LEASE_SECONDS while this process watched. The second
uses only this process's own clock, and an outage of the database restarts it.
"""

import logging
import os
from dataclasses import dataclass

from sqlalchemy import select

from webapp import clock
from webapp.db import schema
from webapp.engine import worker_locks
from webapp.engine.worker_locks import LockState
from webapp.settings import QUEUES
from webapp.tasks import commands
from webapp.tasks.model import State
from webapp.tasks.resources import TaskResources
from webapp.tasks.transitions import move

LEASE_SECONDS = 8.0
NO_QUEUE = "No worker here can do this kind of work. Nothing was done. Ask an admin, then press Retry."
log = logging.getLogger("outtray.engine")
t = schema.task


@dataclass(frozen=True)
class Owned:
    """A running task as one check read it."""

    id: int
    attempt: int
    worker: str
    renewals: int


class Recovery:
    """Finds tasks without a living owner; one per machine. `look` is the step of a loop."""

    def __init__(self, resources: TaskResources) -> None:
        self._resources = resources
        self._seen: dict[Owned, float] = {}  # since when (monotonic seconds) a task was not renewed
        self._blamed: set[str] = set()

    def blame(self, worker: str) -> None:
        """Counts the death of this worker as a crash of its task, which may have caused it."""
        self._blamed.add(worker)

    def look(self) -> None:
        """Checks once; raises what the database raises. A check that fails proves nothing about any owner."""
        run_dir = self._resources.run_dir
        gone = worker_locks.dead(run_dir)
        try:
            running = self._running()
            self._fail_unserved()
        except BaseException:
            self._seen.clear()
            raise
        moment = clock.monotonic()
        self._seen = {one: self._seen.get(one, moment) for one in running}
        for one in running:
            if worker_locks.state_of(run_dir, one.worker) is LockState.FREE:
                self._recover(one, counted=one.worker in self._blamed)
            elif moment - self._seen[one] > LEASE_SECONDS:
                log.warning("task %s was not renewed by %s for %g s", one.id, one.worker, LEASE_SECONDS)
                self._recover(one, counted=False)
        for worker in gone:  # it died before the table was read: all its tasks have been requeued
            worker_locks.remove(run_dir, worker)

    def _running(self) -> list[Owned]:
        query = select(t.c.id, t.c.attempt, t.c.worker, t.c.renewals)
        with self._resources.read() as conn:
            rows = conn.execute(query.where(t.c.state == State.RUNNING)).all()
        return [Owned(row.id, row.attempt, row.worker or "", row.renewals) for row in rows]

    def _recover(self, one: Owned, *, counted: bool) -> None:
        with self._resources.write() as conn:
            commands.recover(conn, self._resources.engine, one.id, one.attempt, counted=counted, renewals=one.renewals)

    def _fail_unserved(self) -> None:
        """Fails waiting tasks of a queue that only another version knows: without workers they would wait for ever."""
        unserved = (t.c.state == State.WAITING) & t.c.queue.not_in(QUEUES)
        with self._resources.read() as conn:
            found = conn.execute(select(t.c.id, t.c.queue).where(unserved)).all()
        for row in found:
            with self._resources.write() as conn:
                # Waiting → running → failed: only a running task may fail.
                if move(conn, row.id, State.RUNNING, ""):
                    technical = f"queue {row.queue!r}"
                    move(
                        conn,
                        row.id,
                        State.FAILED,
                        NO_QUEUE,
                        outcome=NO_QUEUE,
                        cause="queue-missing",
                        fault="server",
                        technical=technical,
                    )


def is_alive(pid: int | None) -> bool:
    """Returns True if a process with this id exists and is not a zombie."""
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
