"""How a run ends: finished, stopped by a request, or failed; each inside one write transaction."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from webapp.clock import now
from webapp.db import schema
from webapp.errors import Superseded, TaskError
from webapp.ports.deliveries import ADDRESS_FAULTS
from webapp.ports.delivery_state import DeliveryState
from webapp.ports.engine import Engine
from webapp.tasks import notices, summary
from webapp.tasks.cancellation import StopRequest, StopRun
from webapp.tasks.holds import HoldReason
from webapp.tasks.model import State, Task
from webapp.tasks.resources import TaskResources
from webapp.tasks.transitions import counts, last_words, make_unknown, move, skip_waiting

t = schema.task
INTERRUPTED = "The server's disk or database did not answer. It continues automatically."
INTERRUPTION = timedelta(seconds=5)
STOPPING = "Outtray is stopping. It continues after the restart."


def finished(conn: Connection, resources: TaskResources, task: Task, message: str | None) -> None:
    """Ends a task whose kind has done its work; its deliveries, if it has any, decide the state."""
    by_state = counts(conn, task.id)
    state, by_counts = summary.of_counts(by_state) if by_state else (State.DONE, "")
    fault = "form" if by_state.get(DeliveryState.FAILED) and _has_address_faults(conn, task) else ""
    if message and state is State.FAILED:  # the kind has done its work, although no delivery succeeded
        state = State.ATTENTION
    cause = "refused" if state is State.FAILED else ""
    _end(conn, resources, task, state, message or by_counts or "Done.", cause=cause, fault=fault)


def _has_address_faults(conn: Connection, task: Task) -> bool:
    d = schema.delivery
    query = select(d.c.position).where(
        d.c.task == task.id, d.c.state == DeliveryState.FAILED, d.c.reply.in_(ADDRESS_FAULTS)
    )
    return conn.execute(query.limit(1)).first() is not None


def stopped(conn: Connection, engine: Engine, task: Task, why: StopRun) -> None:
    """Writes the ending of a run that was cancelled, paused, stopped, or that yields or waits."""
    if why.request is StopRequest.CANCEL:
        return cancelled(conn, task)
    if why.request is StopRequest.PAUSE:
        return paused(conn, task)
    moment = why.until or now()
    message = STOPPING if why.request is StopRequest.STOP else why.message
    # Runs that alternate do so every few seconds, and a closed target is checked every half minute: no log line.
    line = "" if message == last_words(conn, task.id) else message
    _requeue(
        conn,
        engine,
        task,
        moment,
        line,
        **({"outcome": message} if message and why.request is StopRequest.WAIT else {}),
    )


def cancelled(conn: Connection, task: Task) -> None:
    """Cancels the task: deliveries in flight become unknown, waiting ones skipped."""
    make_unknown(conn, task.id)
    entered = sum(counts(conn, task.id).values())
    missing = 0 if task.expanded or not entered else max(0, (task.progress.total or 0) - entered)
    message = summary.stopped_words(counts(conn, task.id), missing)
    _move(conn, task, State.CANCELLED, message, line=f"Cancelled by {_requester(conn, task)}.", cause="")
    skip_waiting(conn, task.id)


def paused(conn: Connection, task: Task) -> None:
    """Holds the task until a person resumes it; deliveries in flight become unknown."""
    make_unknown(conn, task.id)
    name = _requester(conn, task)
    if not move(conn, task.id, State.HELD, f"Paused by {name}.", attempt=task.attempt, hold_reason=HoldReason.PAUSED):
        raise Superseded


def requeue(conn: Connection, engine: Engine, task: Task) -> None:
    """Requeues a running task because its worker is shutting down."""
    make_unknown(conn, task.id)
    _requeue(conn, engine, task, now(), STOPPING)


def interrupted(conn: Connection, engine: Engine, task: Task) -> None:
    """Requeues a task after a passing fault of our own infrastructure: none of the task's retries is used up."""
    make_unknown(conn, task.id)
    line = "" if last_words(conn, task.id) == INTERRUPTED else INTERRUPTED
    _requeue(conn, engine, task, now() + INTERRUPTION, line, outcome=INTERRUPTED)


def failed(
    conn: Connection, resources: TaskResources, task: Task, error: TaskError, reference: str, *, logged: bool = False
) -> None:
    """Ends the task as failed, or requeues it for later if a retry may succeed."""
    retries = conn.execute(select(t.c.retries).where(t.c.id == task.id)).scalar_one()
    if not error.permanent and retries < len(resources.settings.retry_seconds):
        moment = now() + timedelta(seconds=resources.settings.retry_seconds[retries])
        message = f"{error.message} Outtray tries again."
        return _requeue(
            conn,
            resources.engine,
            task,
            moment,
            message,
            outcome=message,
            retries=retries + 1,
            technical=error.technical,
        )
    make_unknown(conn, task.id)
    skip_waiting(conn, task.id)
    by_state = counts(conn, task.id)
    kind = resources.find_kind(task.kind)
    message = summary.failed_words(error.message, by_state, kind.noun if kind else "messages")
    state = State.ATTENTION if summary.has_gone_out(by_state) else State.FAILED
    more = {"cause": error.cause, "fault": error.fault, "technical": error.technical}
    _end(conn, resources, task, state, message, reference=reference, **more)
    if not logged:
        resources.log_error(f"error in task {task.id} “{task.title}” ({reference}): {error.message}")


def _requeue(conn: Connection, engine: Engine, task: Task, moment: datetime, message: str, **more: str | int) -> None:
    """Requeues the task, unless a person has meanwhile requested to cancel or pause it: no request may get lost."""
    mine = select(t.c.requested).where(t.c.id == task.id, t.c.attempt == task.attempt)
    request = conn.execute(mine.with_for_update()).scalar()
    if request == StopRequest.CANCEL:
        return cancelled(conn, task)
    if request == StopRequest.PAUSE:
        return paused(conn, task)
    if not move(conn, task.id, State.WAITING, message, attempt=task.attempt, not_before=moment, **more):
        raise Superseded
    engine.submit(conn, task.id, task.queue, task.priority, moment)


def _move(conn: Connection, task: Task, state: State, message: str, line: str = "", **more: str | None) -> None:
    if not move(conn, task.id, state, line or message, attempt=task.attempt, outcome=message, **more):
        raise Superseded


def _end(conn: Connection, resources: TaskResources, task: Task, state: State, message: str, **more: str) -> None:
    _move(conn, task, state, message, **more)
    notices.task_ended(conn, resources, task, state, message)


def _requester(conn: Connection, task: Task) -> str:
    return conn.execute(select(t.c.requested_by).where(t.c.id == task.id)).scalar() or "an admin"
