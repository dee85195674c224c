"""Watches the running tasks of one process: renews their ownership, passes requests on, ends overdue tasks by force.

Ownership is proven per task: a renewal increments a counter in the task's row. A lock proves only that a process
lives, not that it still runs the task.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, Row, Select, select, update

from webapp import clock
from webapp.db import schema
from webapp.db.faults import is_passing
from webapp.tasks.cancellation import Control, StopRequest
from webapp.tasks.model import State, Task
from webapp.tasks.resources import TaskResources
from webapp.tasks.running import endings, run

CHECK_EVERY = 0.4  # seconds: no new message begins within 1 s of the request
RENEW_EVERY = 2.0  # seconds; recovery takes a task that was not renewed for LEASE_SECONDS to have no owner
STOP_SECONDS = 6.0  # after which a stopping slot requeues its task; the whole stop takes at most 10
log = logging.getLogger("outtray.engine")
t = schema.task


@dataclass(frozen=True, eq=False)
class Watched:
    """A running task; `give_up` is called after it was ended by force."""

    task: Task
    control: Control
    grace: float
    give_up: Callable[[], None]


class TaskWatch:
    """One thread for all running tasks of a process; it sleeps while there are none."""

    def __init__(self, resources: TaskResources) -> None:
        self._resources = resources
        self._watched: set[Watched] = set()
        self._has_tasks = threading.Event()
        self._ended = False
        self._renewed = 0.0  # monotonic seconds
        self._thread = threading.Thread(target=self._run, name="task-watch", daemon=True)
        self._thread.start()

    @contextmanager
    def watching(self, task: Task, control: Control, give_up: Callable[[], None]) -> Iterator[None]:
        """Watches a task for as long as the block runs."""
        watched = Watched(task, control, grace_of(self._resources, task), give_up)
        self._watched.add(watched)
        self._has_tasks.set()
        try:
            yield
        finally:
            self._watched.discard(watched)

    def close(self) -> None:
        self._ended = True
        self._has_tasks.set()
        self._thread.join(2)

    @property
    def is_busy(self) -> bool:
        return bool(self._watched)

    def _run(self) -> None:
        pause = threading.Event()
        while not self._ended:
            if not self._watched:
                self._has_tasks.clear()
                if not self._watched:
                    self._has_tasks.wait()
                continue
            pause.wait(CHECK_EVERY)
            try:
                self._look(list(self._watched))
            except Exception as error:  # the watch must survive every error of one check
                level = logging.WARNING if is_passing(error) else logging.ERROR
                log.log(level, "a check of running tasks failed", exc_info=error)

    def _look(self, watched: Sequence[Watched]) -> None:
        for one in watched:
            # Also while the database is unavailable: a slot that shuts down must not wait for it.
            if is_overdue(one.control, one.grace):
                self._end_by_force(one)
        with self._resources.read() as conn:
            rows = {row.id: row for row in conn.execute(_requests([one.task.id for one in watched]))}
        for one in watched:
            row = rows.get(one.task.id)
            if row is not None and _is_of(one, row):  # else its next write raises Superseded, which ends the run
                _pass_on(one.control, StopRequest.stored(row.requested))
        if clock.monotonic() - self._renewed > RENEW_EVERY:
            with self._resources.write() as conn:
                renew(conn, [one.task for one in watched])
            self._renewed = clock.monotonic()

    def _end_by_force(self, one: Watched) -> None:
        """Ends the task in a separate thread: a slow database may be the reason why it is overdue."""
        self._watched.discard(one)
        threading.Thread(target=self._write_ending, args=(one,), daemon=True).start()

    def _write_ending(self, one: Watched) -> None:
        ending = partial(force_end, resources=self._resources, task=one.task, request=one.control.requested)
        run.end(self._resources, one.task, one.control, ending)
        one.give_up()


def _requests(ids: Sequence[int]) -> Select[tuple[int, int, str, str | None]]:
    return select(t.c.id, t.c.attempt, t.c.state, t.c.requested).where(t.c.id.in_(ids))


def _is_of(one: Watched, row: Row[tuple[int, int, str, str | None]]) -> bool:
    return bool(row.state == State.RUNNING and row.attempt == one.task.attempt)


def _pass_on(control: Control, request: StopRequest | None) -> None:
    if request is not None or control.requested is StopRequest.PAUSE:
        control.request(request)


def renew(conn: Connection, tasks: Sequence[Task]) -> None:
    """Proves that these attempts have a living owner."""
    for task in tasks:
        mine = update(t).where(t.c.id == task.id, t.c.attempt == task.attempt, t.c.state == State.RUNNING)
        conn.execute(mine.values(renewals=t.c.renewals + 1))


def grace_of(resources: TaskResources, task: Task) -> float:
    """Returns the seconds that a message in flight may take after a request to cancel."""
    kind = resources.find_kind(task.kind)
    return kind.grace if kind else 0.0


def is_overdue(control: Control, grace: float) -> bool:
    """Returns True if the task has had more time (s) than its kind needs to handle a request."""
    allowed = STOP_SECONDS if control.requested is StopRequest.STOP else grace
    return control.requested is not None and clock.monotonic() - control.since > allowed


def force_end(conn: Connection, resources: TaskResources, task: Task, request: StopRequest | None) -> None:
    """Writes the ending that the task itself did not write; deliveries in flight become unknown."""
    if request is StopRequest.CANCEL:
        endings.cancelled(conn, task)
    elif request is StopRequest.PAUSE:
        endings.paused(conn, task)
    else:
        endings.requeue(conn, resources.engine, task)
