"""Watches for requests to end a running task, and ends the task by force if it does not react in time."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from webapp.errors import Superseded
from webapp.tasks.cancellation import Control, StopRequest
from webapp.tasks.model import Task
from webapp.tasks.resources import TaskResources
from webapp.tasks.running import endings, run

LOOK_EVERY = 0.4  # seconds: no new message begins more than 1 s after the request
STOP_SECONDS = 8.0  # after which a stopping slot puts its task back; the whole stop takes at most 10
log = logging.getLogger("outtray.engine")


@contextmanager
def watched(resources: TaskResources, task: Task, control: Control, give_up: Callable[[], None]) -> Iterator[None]:
    """Watches for as long as the block runs; `give_up` is called after the task was ended by force."""
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
                is_ours, request = run.request_of(conn, task)
            if not is_ours:
                continue  # about to end by itself: its next write meets Superseded
            control.request(request)
            if is_overdue(control, grace) and not ended.is_set():
                run.end(resources, partial(force_end, resources=resources, task=task, request=control.requested))
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
    allowed = STOP_SECONDS if control.requested is StopRequest.STOP else grace
    return control.requested is not None and time.monotonic() - control.since > allowed


def force_end(conn: Connection, resources: TaskResources, task: Task, request: StopRequest | None) -> None:
    """Writes the ending that the task itself did not write; what was in flight is unknown."""
    if request is StopRequest.CANCEL:
        endings.cancelled(conn, task)
    elif request is StopRequest.PAUSE:
        endings.paused(conn, task)
    else:
        endings.requeue(conn, resources.engine, task)
