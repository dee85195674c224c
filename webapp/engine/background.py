"""The engine of the article: FastAPI's own BackgroundTasks, in the web process, for the smallest set-up and for tests.

A task that a request started runs after the response, in separate threads, so that pages never starve; a timer runs
tasks that become due and tasks that a restart left behind.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from webapp.clock import now
from webapp.db.connect import Database
from webapp.ports.engine import BackgroundRunner, WorkerSlot
from webapp.settings import AT_ONCE
from webapp.tasks import queries

if TYPE_CHECKING:
    pass

CHECK_EVERY = 1.0  # seconds; other processes (a restore, a second web process) send no wakeup here


@dataclass(frozen=True)
class Submitted:
    """A task id whose transaction is still open."""

    task_id: int
    queue: str
    not_before: datetime | None


class BackgroundEngine:
    """ports.Engine without other processes."""

    def __init__(self, database: Database, slots: Mapping[str, int]) -> None:
        self._database = database
        self._pools = {
            queue: ThreadPoolExecutor(number * AT_ONCE.get(queue, 1), thread_name_prefix=f"outtray-{queue}")
            for queue, number in slots.items()
            if number
        }
        self._mine = threading.local()
        self._run: Callable[[int], None] | None = None
        self._futures: dict[int, Future[None]] = {}
        self._lock = threading.Lock()
        self._slot: WorkerSlot | None = None

    def submit(self, conn: Connection, task_id: int, queue: str, priority: int, not_before: datetime | None) -> None:
        self._submitted.append(Submitted(task_id, queue, not_before))

    def withdraw(self, conn: Connection, task_id: int) -> None:
        """Does nothing: a row that is not waiting cannot be claimed."""

    def forget(self) -> None:
        self._submitted.clear()

    def after_commit(self, background: BackgroundRunner | None) -> None:
        submitted, self._mine.submitted = self._submitted, []
        for one in submitted:
            is_due = one.not_before is None or one.not_before <= now()
            if background is not None and is_due and self._run:
                background.add_task(self._after_response, one)
            elif self._slot:
                self._slot.wake()

    def work(self, slot: WorkerSlot, run: Callable[[int], None]) -> None:
        self._slot, self._run = slot, run
        while not slot.stopping:
            for queue in self._pools:
                self._submit_due(queue)
            slot.wait(self._seconds_to_next())
        with self._lock:
            self._run = None
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)

    def wait(self, seconds: float) -> None:
        """Waits until the running tasks have ended, for at most `seconds`."""
        with self._lock:
            running = list(self._futures.values())
        wait(running, timeout=seconds)

    @property
    def _submitted(self) -> list[Submitted]:
        if not hasattr(self._mine, "submitted"):
            self._mine.submitted = []
        found: list[Submitted] = self._mine.submitted
        return found

    async def _after_response(self, one: Submitted) -> None:
        """Runs after the response was sent; if the server stops, the next start runs the task."""
        if (future := self._start(one.task_id, one.queue)) is not None:
            await asyncio.wait([asyncio.wrap_future(future)])

    def _submit_due(self, queue: str) -> None:
        with self._database.read() as conn:
            due = queries.all_due(conn, queue, now(), limit=50)
        for task_id in due:
            self._start(task_id, queue)

    def _start(self, task_id: int, queue: str) -> Future[None] | None:
        with self._lock:
            if task_id in self._futures or self._run is None or queue not in self._pools:
                return None
            try:
                future = self._pools[queue].submit(self._run, task_id)
            except RuntimeError:  # the pool has shut down: the next start picks the task up
                return None
            self._futures[task_id] = future
        future.add_done_callback(lambda _: self._drop(task_id))
        return future

    def _drop(self, task_id: int) -> None:
        with self._lock:
            self._futures.pop(task_id, None)
        if self._slot:
            self._slot.wake()  # the task may have to run again later

    def _seconds_to_next(self) -> float:
        with self._database.read() as conn:
            moment = queries.next_moment(conn, list(self._pools))
        if moment is None:
            return CHECK_EVERY
        return min(CHECK_EVERY, max(0.02, (moment - now()).total_seconds()))
