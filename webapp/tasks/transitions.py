"""How a task changes: one conditional UPDATE each, whose row count is checked, and a line of its log."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, case, func, insert, select, update

from webapp.db import schema
from webapp.db.connect import mark_changed
from webapp.db.types import now
from webapp.errors import Superseded
from webapp.tasks import summary
from webapp.tasks.model import State, predecessors

t, d = schema.task, schema.delivery
RUNNING = "Running."
STOPPED = "Not sent: the task was stopped."
BY_STATE = case((d.c.why != "", d.c.why), else_=d.c.state)


def move(conn: Connection, task_id: int, to: State, words: str, *, attempt: int | None = None, **more: Any) -> bool:
    """Brings a task to another state if today's allows it; False where it does not. No `words`: no line in its log.

    With `attempt` the change is a slot's: it counts only while that attempt of the task is running.
    """
    allowed = t.c.state.in_(predecessors(to)) if attempt is None else t.c.state == State.RUNNING
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
    """What comes with a state: an ended task belongs to no worker, and nobody's wish is open any more."""
    if to is State.RUNNING:
        return {}
    values: dict[str, Any] = {"worker": None, "asked": None, "asked_at": None}
    if to.has_ended:
        values |= {"finished": now(), "undo_until": None}
    if to is State.WAITING:
        values |= {"finished": None, "dealt_with": None, "held_why": None}
    return values


@dataclass(frozen=True)
class Requests:
    """What people want of a running task: that it ends or pauses, and how many messages a second it may send."""

    asked: str | None
    rate: float | None


def fenced_update(conn: Connection, task_id: int, attempt: int, **values: Any) -> Requests:
    """A slot's write about its own running task; Superseded where it is no longer its own."""
    mine = (t.c.id == task_id) & (t.c.attempt == attempt) & (t.c.state == State.RUNNING)
    change = update(t).where(mine).values(**values or {"attempt": attempt})
    row = conn.execute(change.returning(t.c.asked, t.c.rate)).first()
    if row is None:
        raise Superseded
    return Requests(row.asked, row.rate)


def add_line(conn: Connection, task_id: int, words: str, state: State | None = None) -> None:
    """A line of the task's log; with `state`, a step of its timeline."""
    conn.execute(insert(schema.task_line).values(task=task_id, at=now(), state=state, words=words))


def last_state(conn: Connection, task_id: int) -> State | None:
    """The state that the timeline ends with."""
    line = schema.task_line
    query = select(line.c.state).where(line.c.task == task_id, line.c.state.is_not(None))
    state = conn.execute(query.order_by(line.c.id.desc()).limit(1)).scalar()
    return State.stored(state) if state else None


def last_words(conn: Connection, task_id: int) -> str:
    """What the last line of the task's log says, lines that tell of no more than that it runs left out."""
    line = schema.task_line
    query = select(line.c.words).where(line.c.task == task_id, line.c.words != RUNNING)
    return conn.execute(query.order_by(line.c.id.desc()).limit(1)).scalar() or ""


def skip_waiting(conn: Connection, task_id: int, words: str = STOPPED, why: str = "") -> None:
    """What has not gone out will not go out; `why` where that is on purpose."""
    change = update(d).where(d.c.task == task_id, d.c.state == "waiting")
    conn.execute(change.values(state="skipped", why=why, reply=words, updated=now()))


def make_unknown(conn: Connection, task_id: int) -> int:
    """A message that was being handed over when its process ended: nobody can know. Returns how many."""
    words = "It may have arrived. The connection broke after the message was handed over."
    change = update(d).where(d.c.task == task_id, d.c.state == "sending")
    return conn.execute(change.values(state="unknown", reply=words, updated=now())).rowcount


def counts(conn: Connection, task_id: int) -> dict[str, int]:
    """The deliveries of a task by state; those that were left out from the start by why: bad, duplicate."""
    query = select(BY_STATE, func.count()).where(d.c.task == task_id).group_by(BY_STATE)
    return {row[0]: row[1] for row in conn.execute(query)}


def restate(conn: Connection, task_id: int) -> None:
    """An ended task whose counts have changed says so."""
    row = conn.execute(select(t.c.state).where(t.c.id == task_id)).one()
    if row.state in (State.DONE, State.ATTENTION, State.FAILED):
        state, words = summary.of_counts(counts(conn, task_id))
        conn.execute(update(t).where(t.c.id == task_id, t.c.state == row.state).values(state=state, outcome=words))
        mark_changed(conn)
