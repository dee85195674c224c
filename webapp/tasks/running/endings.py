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
INTERRUPTED = "The server's disk or database did not answer. It goes on by itself."
INTERRUPTION = timedelta(seconds=5)
STOPPING = "Outtray is stopping. It goes on after the restart."


def finished(conn: Connection, resources: TaskResources, task: Task, words: str | None) -> None:
    """The kind has done its work; deliveries, where there are any, tell how it went."""
    by_state = counts(conn, task.id)
    state, told = summary.of_counts(by_state) if by_state else (State.DONE, "")
    fault = "form" if by_state.get(DeliveryState.FAILED) and _has_address_faults(conn, task) else ""
    if words and state is State.FAILED:  # what the kind tells of was done, though nobody was told
        state = State.ATTENTION
    cause = "refused" if state is State.FAILED else ""
    _end(conn, resources, task, state, words or told or "Done.", cause=cause, fault=fault)


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
    words = STOPPING if why.request is StopRequest.STOP else why.words
    # Runs that take turns do so every few seconds, and a pause is asked for every half minute: no line for that.
    line = "" if words == last_words(conn, task.id) else words
    _back(conn, engine, task, moment, line, **({"outcome": words} if words and why.request is StopRequest.WAIT else {}))


def cancelled(conn: Connection, task: Task) -> None:
    """What was in flight is unknown, what still waited is skipped."""
    make_unknown(conn, task.id)
    entered = sum(counts(conn, task.id).values())
    missing = 0 if task.expanded or not entered else max(0, (task.progress.total or 0) - entered)
    words = summary.stopped_words(counts(conn, task.id), missing)
    _move(conn, task, State.CANCELLED, words, line=f"Cancelled by {_requester(conn, task)}.", cause="")
    skip_waiting(conn, task.id)


def paused(conn: Connection, task: Task) -> None:
    """Holds the task until a person resumes it; what was in flight is unknown."""
    make_unknown(conn, task.id)
    name = _requester(conn, task)
    if not move(conn, task.id, State.HELD, f"Paused by {name}.", attempt=task.attempt, hold_reason=HoldReason.PAUSED):
        raise Superseded


def requeue(conn: Connection, engine: Engine, task: Task) -> None:
    """Requeues a running task because its worker is shutting down."""
    make_unknown(conn, task.id)
    _back(conn, engine, task, now(), STOPPING)


def interrupted(conn: Connection, engine: Engine, task: Task) -> None:
    """Requeues a task after a passing fault of our own infrastructure: none of the task's retries is used up."""
    make_unknown(conn, task.id)
    line = "" if last_words(conn, task.id) == INTERRUPTED else INTERRUPTED
    _back(conn, engine, task, now() + INTERRUPTION, line, outcome=INTERRUPTED)


def failed(
    conn: Connection, resources: TaskResources, task: Task, error: TaskError, reference: str, *, logged: bool = False
) -> None:
    """Ends the task as failed, or requeues it for later if a retry may succeed."""
    retries = conn.execute(select(t.c.retries).where(t.c.id == task.id)).scalar_one()
    if not error.permanent and retries < len(resources.settings.retry_seconds):
        moment = now() + timedelta(seconds=resources.settings.retry_seconds[retries])
        words = f"{error.message} Outtray tries again."
        return _back(
            conn, resources.engine, task, moment, words, outcome=words, retries=retries + 1, technical=error.technical
        )
    make_unknown(conn, task.id)
    skip_waiting(conn, task.id)
    by_state = counts(conn, task.id)
    kind = resources.find_kind(task.kind)
    words = summary.failed_words(error.message, by_state, kind.noun if kind else "messages")
    state = State.ATTENTION if summary.has_gone_out(by_state) else State.FAILED
    more = {"cause": error.cause, "fault": error.fault, "technical": error.technical}
    _end(conn, resources, task, state, words, reference=reference, **more)
    if not logged:
        resources.log_error(f"error in task {task.id} “{task.title}” ({reference}): {error.message}")


def _back(conn: Connection, engine: Engine, task: Task, moment: datetime, words: str, **more: str | int) -> None:
    """Requeues the task, unless a person has meanwhile requested to cancel or pause it: no request may get lost."""
    mine = select(t.c.requested).where(t.c.id == task.id, t.c.attempt == task.attempt)
    request = conn.execute(mine.with_for_update()).scalar()
    if request == StopRequest.CANCEL:
        return cancelled(conn, task)
    if request == StopRequest.PAUSE:
        return paused(conn, task)
    if not move(conn, task.id, State.WAITING, words, attempt=task.attempt, not_before=moment, **more):
        raise Superseded
    engine.submit(conn, task.id, task.queue, task.priority, moment)


def _move(conn: Connection, task: Task, state: State, words: str, line: str = "", **more: str | None) -> None:
    if not move(conn, task.id, state, line or words, attempt=task.attempt, outcome=words, **more):
        raise Superseded


def _end(conn: Connection, resources: TaskResources, task: Task, state: State, words: str, **more: str) -> None:
    _move(conn, task, state, words, **more)
    notices.task_ended(conn, resources, task, state, words)


def _requester(conn: Connection, task: Task) -> str:
    return conn.execute(select(t.c.requested_by).where(t.c.id == task.id)).scalar() or "an admin"
