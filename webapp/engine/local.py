"""The engine for one machine: slots in separate processes take their work from the task table."""

import logging
import threading
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from webapp import clock, loops
from webapp.clock import now
from webapp.db.connect import Database
from webapp.db.faults import is_passing
from webapp.engine.wakeup import Wakeup
from webapp.ports.engine import BackgroundRunner, WorkerSlot
from webapp.tasks import queries

if TYPE_CHECKING:
    from collections.abc import Callable


CHECK_EVERY = 0.5  # seconds; the fallback if a wakeup is lost
CHECK_EVERY_POSTGRES = 3.0  # seconds; the same on PostgreSQL, where each check costs a query
LONGEST_WAIT = 60.0  # seconds; then the table is checked again regardless of the clock
ASIDE_SECONDS = 30.0  # pause of a task whose claim fails: the tasks behind it must not wait
log = logging.getLogger("outtray.engine")


class LocalEngine:
    """ports.Engine for `outtray serve`; the waiting rows are the queue, so a commit is all it takes to submit."""

    def __init__(self, database: Database, run_dir: Path) -> None:
        self._database = database
        self.bell = Wakeup(run_dir)
        self._set_aside: dict[int, float] = {}  # tasks that cannot be claimed, and the end (monotonic) of their pause
        self._mine = threading.local()  # the queues to which this thread's open transaction has submitted

    def submit(self, conn: Connection, task_id: int, queue: str, priority: int, not_before: datetime | None) -> None:
        is_first = queue not in self._touched
        self._touched.add(queue)
        if is_first and not self._database.is_sqlite:  # one notice per transaction and queue wakes every slot
            conn.execute(text("select pg_notify('outtray', :queue)"), {"queue": queue})

    def withdraw(self, conn: Connection, task_id: int) -> None:
        """Does nothing: a row that is not waiting is not in the queue."""

    def forget(self) -> None:
        self._touched.clear()

    def after_commit(self, background: BackgroundRunner | None) -> None:
        for queue in self._touched:
            self.bell.ring(queue)
        self._touched.clear()

    def work(self, slot: WorkerSlot, run: "Callable[[int], None]") -> None:
        changes, failures = Changes(self._database), 0
        while not slot.stopping:
            task_id = None
            try:
                task_id = self._due(slot)
                if task_id is None:
                    self._wait(slot, changes)
                else:
                    run(task_id)
                failures = 0
            except Exception as error:  # noqa: BLE001 - the loop must survive every error of one task or check
                failures += 1
                self._log(error)
                if task_id is not None and not is_passing(error):
                    self._set_aside[task_id] = clock.monotonic() + ASIDE_SECONDS
                slot.wait(loops.wait_after(failures, CHECK_EVERY))

    def _log(self, error: Exception) -> None:
        if is_passing(error):
            log.warning("the database did not answer, trying again: %s", error)
        else:
            log.error("a step of a slot failed, trying again", exc_info=error)

    @property
    def _touched(self) -> set[str]:
        if not hasattr(self._mine, "queues"):
            self._mine.queues = set()
        queues: set[str] = self._mine.queues
        return queues

    def _due(self, slot: WorkerSlot) -> int | None:
        moment = clock.monotonic()
        self._set_aside = {task_id: until for task_id, until in self._set_aside.items() if until > moment}
        with self._database.read() as conn:
            for queue in slot.queues:
                for task_id in queries.all_due(conn, queue, now(), limit=1 + len(self._set_aside)):
                    if task_id not in self._set_aside:
                        return task_id
        return None

    def _wait(self, slot: WorkerSlot, changes: "Changes") -> None:
        """Returns when woken, when the database changed, or when the earliest waiting task is due."""
        with self._database.read() as conn:
            moment = queries.next_moment(conn, slot.queues)
        if self._set_aside:  # the earliest may be one of these: it is due, but cannot be claimed
            slot.wait(CHECK_EVERY)
            return
        end = clock.monotonic() + LONGEST_WAIT
        while not slot.stopping and clock.monotonic() < end:
            # The wall clock is read each time: it may be set, and it continues while a laptop sleeps.
            left = CHECK_EVERY if moment is None else (moment - now()).total_seconds()
            if left <= 0 or slot.wait(min(left, CHECK_EVERY)) or changes.any():
                return


class Changes:
    """Detects commits of other connections since the last check: SQLite answers without reading a page."""

    def __init__(self, database: Database) -> None:
        self._connection = database.engine.raw_connection() if database.is_sqlite else None
        self._last_version = self._version()

    def any(self) -> bool:
        before, self._last_version = self._last_version, self._version()
        return before != self._last_version

    def _version(self) -> int:
        if (
            self._connection is None
        ):  # LISTEN wakes the slot (engine/pg_listen.py), unless its connection broke unnoticed
            return int(clock.monotonic() / CHECK_EVERY_POSTGRES)
        return int(self._connection.cursor().execute("PRAGMA data_version").fetchone()[0])
