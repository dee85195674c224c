"""State changes of tasks: each is one conditional UPDATE, whose row count is checked, and a line of the log."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from webapp.clock import now
from webapp.db import schema
from webapp.db.connect import mark_changed
from webapp.errors import Superseded
from webapp.ports.delivery_state import DeliveryResult, DeliveryState, SkipReason, stored_result
from webapp.tasks import summary
from webapp.tasks.cancellation import StopRequest
from webapp.tasks.ledger.delivery_state import RESULT, may_become
from webapp.tasks.model import State, allowed_from

t, d = schema.task, schema.delivery
RUNNING = "Running."
STOPPED = "Not sent: the task was stopped."


def move(conn: Connection, task_id: int, to: State, words: str, *, attempt: int | None = None, **more: Any) -> bool:
    """Changes the state of a task if its present state allows it; returns False if not. No `words`: no line in its log.

    With `attempt` the change is a slot's: it counts only while that attempt of the task is running.
    """
    allowed = t.c.state.in_(allowed_from(to)) if attempt is None else t.c.state == State.RUNNING
    change = update(t).where(t.c.id == task_id, allowed).values(state=to, **_settled(to), **more)
    if attempt is not None:
        change = change.where(t.c.attempt == attempt)
    if conn.execute(change).rowcount == 0:
        return False
    if words:
        add_line(conn, task_id, words, to)
    mark_changed(conn)
    return True


def _settled(to: State) -> dict[str, Any]:
    """Returns the columns that entering a state resets: the worker, and any pending cancel or pause request."""
    if to is State.RUNNING:
        return {}
    values: dict[str, Any] = {"worker": None, "requested": None, "requested_at": None}
    if to is not State.HELD:
        values["hold_reason"] = None
    if to.has_ended:
        values |= {"finished": now(), "undo_until": None}
    if to is State.WAITING:
        values |= {"finished": None, "acknowledged_at": None}
    return values


@dataclass(frozen=True)
class Requests:
    """What people request of a running task: to cancel or pause, and at most how many messages a second to send."""

    requested: StopRequest | None
    rate: float | None


def fenced_update(conn: Connection, task_id: int, attempt: int, **values: Any) -> Requests:
    """Updates a slot's own running task and returns the requests; raises Superseded if it is another attempt's."""
    mine = (t.c.id == task_id) & (t.c.attempt == attempt) & (t.c.state == State.RUNNING)
    change = update(t).where(mine).values(**values or {"attempt": attempt})
    row = conn.execute(change.returning(t.c.requested, t.c.rate)).first()
    if row is None:
        raise Superseded
    return Requests(StopRequest.stored(row.requested), row.rate)


def is_running(conn: Connection, task_id: int, attempt: int) -> bool:
    """Returns True while this attempt of the task runs."""
    mine = select(t.c.id).where(t.c.id == task_id, t.c.attempt == attempt, t.c.state == State.RUNNING)
    return conn.execute(mine).first() is not None


def add_line(conn: Connection, task_id: int, words: str, state: State | None = None) -> None:
    """Adds a line to the task's log; with `state`, a step of its timeline."""
    conn.execute(insert(schema.task_line).values(task=task_id, at=now(), state=state, words=words))


def last_state(conn: Connection, task_id: int) -> State | None:
    """Returns the last state of the timeline, or None."""
    line = schema.task_line
    query = select(line.c.state).where(line.c.task == task_id, line.c.state.is_not(None))
    state = conn.execute(query.order_by(line.c.id.desc()).limit(1)).scalar()
    return State.stored(state) if state else None


def last_words(conn: Connection, task_id: int) -> str:
    """Returns the last line of the task's log, without lines that only say that it runs."""
    line = schema.task_line
    query = select(line.c.words).where(line.c.task == task_id, line.c.words != RUNNING)
    return conn.execute(query.order_by(line.c.id.desc()).limit(1)).scalar() or ""


def skip_waiting(conn: Connection, task_id: int, words: str = STOPPED, reason: SkipReason | None = None) -> None:
    """Marks every waiting delivery as skipped; `words` are what people see."""
    change = update(d).where(d.c.task == task_id, may_become(DeliveryState.SKIPPED))
    conn.execute(change.values(state=DeliveryState.SKIPPED, skip_reason=reason or "", reply=words, updated=now()))


def make_unknown(conn: Connection, task_id: int) -> int:
    """Marks what was being handed over as unknown, because its process ended; returns how many deliveries."""
    words = "It may have arrived. The connection broke after the message was handed over."
    change = update(d).where(d.c.task == task_id, may_become(DeliveryState.UNKNOWN))
    return conn.execute(change.values(state=DeliveryState.UNKNOWN, reply=words, updated=now())).rowcount


def counts(conn: Connection, task_id: int) -> dict[DeliveryResult, int]:
    """Returns how many deliveries of a task have each result."""
    query = select(RESULT, func.count()).where(d.c.task == task_id).group_by(RESULT)
    found: Counter[DeliveryResult] = Counter()
    for value, number in conn.execute(query):
        found[stored_result(value)] += number
    return found


def restate(conn: Connection, task_id: int) -> None:
    """Recomputes state and outcome of an ended task after a late reply."""
    row = conn.execute(select(t.c.state).where(t.c.id == task_id)).one()
    if row.state in (State.DONE, State.ATTENTION, State.FAILED):
        state, words = summary.of_counts(counts(conn, task_id))
        conn.execute(update(t).where(t.c.id == task_id, t.c.state == row.state).values(state=state, outcome=words))
        mark_changed(conn)
