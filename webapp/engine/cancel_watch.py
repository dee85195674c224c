"""Watches, beside a running task, for somebody's wish to end it, and ends it when it does not obey in time."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from webapp.errors import Superseded
from webapp.tasks.cancellation import Control
from webapp.tasks.model import Task
from webapp.tasks.resources import TaskResources
from webapp.tasks.running import endings, run

LOOK_EVERY = 0.4  # seconds: no new message begins within 1 s of the wish
STOP_SECONDS = 8.0  # after which a stopping slot puts its task back; the whole stop takes at most 10
log = logging.getLogger("outtray.engine")


@contextmanager
def watched(resources: TaskResources, task: Task, control: Control, give_up: Callable[[], None]) -> Iterator[None]:
    """Watches for as long as the block runs; `give_up` is called once the task has been ended over its head."""
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(resources, task, control, give_up, ended), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()


def _watch(
    resources: TaskResources, task: Task, control: Control, give_up: Callable[[], None], ended: threading.Event
) -> None:
    grace = grace_of(resources, task)
    while not ended.wait(LOOK_EVERY):
        try:
            with resources.read() as conn:
                is_ours, wish = run.wish_of(conn, task)
            if not is_ours:
                continue  # about to end by itself: its next write meets Superseded
            if wish in ("cancel", "pause") or (wish is None and control.wish == "pause"):
                control.ask(wish)  # type: ignore[arg-type]
            if is_overdue(control, grace) and not ended.is_set():
                run.end(resources, partial(end_by_force, resources=resources, task=task, wish=control.wish))
                return give_up()
        except Superseded:
            return
        except OperationalError as error:
            log.warning("the database did not answer: %s", error.orig)


def grace_of(resources: TaskResources, task: Task) -> float:
    """The seconds that a message in flight may take after a request to cancel."""
    kind = resources.find_kind(task.kind)
    return kind.grace if kind else 0.0


def is_overdue(control: Control, grace: float) -> bool:
    """Whether the task has had the time (s) that its kind takes to let go."""
    allowed = STOP_SECONDS if control.wish == "stop" else grace
    return control.wish is not None and time.monotonic() - control.since > allowed


def end_by_force(conn: Connection, resources: TaskResources, task: Task, wish: str | None) -> None:
    """Writes the ending that the task itself did not get to; what was in flight is unknown."""
    if wish == "cancel":
        endings.cancelled(conn, task)
    elif wish == "pause":
        endings.paused(conn, task)
    else:
        endings.put_back(conn, resources.engine, task)
