"""One task from its claim to its end; every exception of a kind becomes an ending here."""

import errno
import logging
import traceback
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, update

from webapp.clock import now
from webapp.db import schema
from webapp.db.connect import mark_changed
from webapp.db.faults import is_disk_full, is_passing
from webapp.errors import Superseded, TaskError
from webapp.ports.kinds import Kind
from webapp.references import new_reference
from webapp.tasks.cancellation import Control, StopRun
from webapp.tasks.mapping import tasks_select, to_tasks
from webapp.tasks.model import State, Task
from webapp.tasks.patience import Patience
from webapp.tasks.resources import TaskResources
from webapp.tasks.running import endings
from webapp.tasks.running.context import DbTaskContext
from webapp.tasks.running.task_files import NO_ROOM
from webapp.tasks.transitions import RUNNING, add_line, last_state, move

t = schema.task
log = logging.getLogger("outtray.tasks")
UNDECODED = "The stored task cannot be read. Nothing was done. Ask an admin to look at it."
NOT_INSTALLED = (
    "This kind of task is not installed here. Nothing was done. Ask an admin to install it again, then press Retry."
)
Ending = Callable[[Connection], object]


def claim(resources: TaskResources, task_id: int, worker: str) -> Task | None:
    """Makes a waiting, due task this worker's own, as a new attempt; returns None if it cannot be claimed."""
    with resources.write() as conn:
        due = (t.c.id == task_id) & (t.c.state == State.WAITING) & (t.c.not_before <= now())
        values = {"state": State.RUNNING, "worker": worker, "attempt": t.c.attempt + 1, "undo_until": None}
        claimed = update(t).where(due).values(**values, requested=None, requested_by=None, requested_at=None)
        if conn.execute(claimed).rowcount == 0:
            return None
        row = conn.execute(tasks_select().where(t.c.id == task_id)).one()
        if row.started is None:
            conn.execute(update(t).where(t.c.id == task_id).values(started=now()))
        if last_state(conn, task_id) is not State.RUNNING:
            add_line(conn, task_id, RUNNING, State.RUNNING)
        mark_changed(conn)
        try:
            return to_tasks(conn, [row])[0]
        except Exception as error:  # noqa: BLE001
            _fail_undecoded(conn, task_id, error)
            return None


def _fail_undecoded(conn: Connection, task_id: int, error: Exception) -> None:
    """Ends a task whose row does not decode; without it, its worker would fail at the same row repeatedly."""
    log.error("task %s does not decode", task_id, exc_info=error)
    move(
        conn, task_id, State.FAILED, UNDECODED,
        outcome=UNDECODED, cause="undecoded", technical=repr(error)[:8_000], fault="server",
    )  # fmt: skip


def perform(resources: TaskResources, task: Task, control: Control) -> None:
    """Runs a claimed task and writes its ending."""
    try:
        ending = _work(resources, task, control)
    except Superseded:
        return
    end(resources, task, control, ending)


def end(resources: TaskResources, task: Task, control: Control, ending: Ending) -> None:
    """Writes an ending. If the database cannot take it, the ending is written later.

    Only a slot that shuts down gives up; recovery then requeues the task.
    """
    try:
        Patience(resources, control).write(ending)
    except Superseded:
        log.info("task %s has another attempt now", task.id)
    except StopRun:
        log.warning("the ending of task %s could not be written before the stop", task.id)


def _work(resources: TaskResources, task: Task, control: Control) -> Ending:
    """Runs the kind and returns the ending to write; every exception becomes one."""
    try:
        message = _run_kind(_kind(resources, task), task, DbTaskContext(resources, task, control))
        return lambda conn: endings.finished(conn, resources, task, message)
    except StopRun as request:
        why = request
        return lambda conn: endings.stopped(conn, resources.engine, task, why)
    except TaskError as error:
        failure = error
        return lambda conn: endings.failed(conn, resources, task, failure, new_reference())
    except Superseded:
        raise
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - a panic of native code is no Exception
        return _ending_of_error(resources, task, error)


def _ending_of_error(resources: TaskResources, task: Task, error: BaseException) -> Ending:
    """Returns the ending for an exception: too little memory or disk, a passing infrastructure fault, or a bug."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        failure = no_memory(resources)
    elif is_disk_full(error):
        failure = TaskError(NO_ROOM, permanent=False, cause="disk-full", technical=repr(error))
    elif is_passing(error):
        log.warning("task %s was interrupted", task.id, exc_info=error)
        return lambda conn: endings.interrupted(conn, resources.engine, task)
    else:
        return _ending_of_bug(resources, task, error)
    return lambda conn: endings.failed(conn, resources, task, failure, new_reference())


def no_memory(resources: TaskResources) -> TaskError:
    message = (
        f"It needs more memory than a report may use ({resources.settings.report_memory_mb:,} MB). No file was made. "
        "Choose fewer rows or columns, or do without sorting."
    )
    return TaskError(message, cause="report-memory", fault="form")


def _run_kind(kind: Kind, task: Task, context: DbTaskContext) -> str | None:
    form = _form(kind, task)
    try:
        if kind.expand:
            context.ledger.expand(iter(kind.expand(form, context)))
        return kind.run(form, context)
    finally:
        context.ledger.flush()


def _kind(resources: TaskResources, task: Task) -> Kind:
    if (kind := resources.find_kind(task.kind)) is None:
        raise TaskError(NOT_INSTALLED, cause="kind-missing", technical=f"kind {task.kind!r}", fault="server")
    return kind


def _form(kind: Kind, task: Task) -> Any:
    try:
        return kind.form.model_validate(kind.form.upgrade(dict(task.form), task.form_version))
    except (ValidationError, ValueError, TypeError, KeyError) as error:
        message = "This form is from an older version of Outtray. Open it with “Change and run again”."
        raise TaskError(message, cause="old-form", technical=str(error), fault="form") from error


def _ending_of_bug(resources: TaskResources, task: Task, error: BaseException) -> Ending:
    reference = new_reference()
    technical = "".join(traceback.format_exception(error))[-8_000:]
    log.error("task %s failed (%s)", task.id, reference, exc_info=error)
    resources.log_error(f"error in task {task.id} “{task.title}” ({reference}): {type(error).__name__}: {error}")
    message = f"Something unexpected went wrong inside Outtray. Tell an admin: Reference {reference}."
    failure = TaskError(message, cause=f"bug-{type(error).__name__}", technical=technical)
    return lambda conn: endings.failed(conn, resources, task, failure, reference, logged=True)
