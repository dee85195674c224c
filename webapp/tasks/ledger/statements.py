"""The statements that run for every message, built once: building them anew took longer than the commit."""

from typing import Any

from sqlalchemy import Connection, bindparam, exists, select, update

from webapp.db import schema
from webapp.db.prepared import CompiledStatement
from webapp.db.types import now
from webapp.errors import Superseded
from webapp.tasks.model import State
from webapp.tasks.transitions import Requests

t, d = schema.task, schema.delivery
_MINE = (t.c.id == bindparam("b_task")) & (t.c.attempt == bindparam("b_attempt")) & (t.c.state == State.RUNNING)
_UNWANTED = exists().where(schema.never.c.key == d.c.key)
_ROW = (d.c.task == bindparam("b_task")) & (d.c.position == bindparam("b_position"))

NEVER = "Not sent: this address is on the list of those to whom nobody writes."

LOOK = CompiledStatement(select(t.c.asked, t.c.rate).where(_MINE).with_for_update())
MARK = CompiledStatement(
    update(d)
    .where(_ROW, d.c.state == "waiting", ~_UNWANTED)
    .values(
        state="sending",
        attempts=bindparam("b_attempts"),
        message_id=bindparam("b_message_id"),
        updated=bindparam("b_updated"),
        next_try=None,
    )
)
SETTLE = CompiledStatement(
    update(d)
    .where(_ROW, d.c.state == "sending")
    .values(
        state=bindparam("b_state"),
        reply=bindparam("b_reply"),
        technical=bindparam("b_technical"),
        next_try=bindparam("b_next_try"),
        updated=bindparam("b_updated"),
    )
)


def fenced_read(conn: Connection, task_id: int, attempt: int) -> Requests:
    """The fence without a write; Superseded where the task is no longer this attempt's own."""
    row = LOOK.run(conn, {"b_task": task_id, "b_attempt": attempt}).fetchone()
    if row is None:
        raise Superseded
    return Requests(*row)


def leave_out(conn: Connection, task_id: int, first: int, last: int) -> int:
    """Those of the waiting deliveries at these positions to which nobody may write; returns how many."""
    here = (d.c.task == task_id) & d.c.position.between(first, last) & (d.c.state == "waiting")
    values = {"state": "skipped", "why": "never", "reply": NEVER, "updated": now()}
    return conn.execute(update(d).where(here, _UNWANTED).values(**values)).rowcount


def bound(**values: Any) -> dict[str, Any]:
    """Values under the names that the statements have for them."""
    return {f"b_{name}": value for name, value in values.items()}
