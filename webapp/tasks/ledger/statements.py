"""The statements that run for every message, built once: building them each time took longer than the commit."""

from typing import Any

from sqlalchemy import Connection, bindparam, exists, func, insert, select, update

from webapp.clock import now
from webapp.db import schema
from webapp.db.prepared import CompiledStatement
from webapp.errors import Superseded
from webapp.ports.deliveries import Delivery
from webapp.ports.delivery_state import DeliveryState, SkipReason
from webapp.tasks.cancellation import StopRequest
from webapp.tasks.ledger.delivery_state import may_become
from webapp.tasks.model import State
from webapp.tasks.transitions import Requests

t, d = schema.task, schema.delivery
_MINE = (t.c.id == bindparam("b_task")) & (t.c.attempt == bindparam("b_attempt")) & (t.c.state == State.RUNNING)
_SUPPRESSED = exists().where(schema.suppression.c.key == d.c.key)
_ROW = (d.c.task == bindparam("b_task")) & (d.c.position == bindparam("b_position"))

SUPPRESSED = "Not sent: this address is on the suppression list “Never write to”."

LOOK = CompiledStatement(select(t.c.requested, t.c.rate).where(_MINE).with_for_update())
MARK = CompiledStatement(
    update(d)
    .where(_ROW, may_become(DeliveryState.SENDING), ~_SUPPRESSED)
    .values(
        state=DeliveryState.SENDING,
        attempts=bindparam("b_attempts"),
        message_id=bindparam("b_message_id"),
        updated=bindparam("b_updated"),
        next_try=None,
    )
)
SETTLE = CompiledStatement(
    update(d)
    .where(_ROW, d.c.state == DeliveryState.SENDING)
    .values(
        state=bindparam("b_state"),
        reply=bindparam("b_reply"),
        technical=bindparam("b_technical"),
        next_try=bindparam("b_next_try"),
        updated=bindparam("b_updated"),
    )
)


def fenced_read(conn: Connection, task_id: int, attempt: int) -> Requests:
    """Checks the fence without a write; raises Superseded if the task is no longer this attempt's."""
    row = LOOK.run(conn, {"b_task": task_id, "b_attempt": attempt}).fetchone()
    if row is None:
        raise Superseded
    return Requests(StopRequest.stored(row[0]), row[1])


def enter_rows(conn: Connection, task_id: int, rows: list[dict[str, Any]]) -> None:
    """Enters rows of deliveries in the order of their positions; existing ones stay unchanged."""
    last = conn.execute(select(func.max(d.c.position)).where(d.c.task == task_id)).scalar()
    fresh = [row for row in rows if last is None or row["position"] > last]
    if fresh:
        conn.execute(insert(d), fresh)
        skip_suppressed(conn, task_id, fresh[0]["position"], fresh[-1]["position"])


def mark(conn: Connection, task_id: int, delivery: Delivery) -> bool:
    """Marks a delivery as sending. Returns False if its address is suppressed: it is skipped then."""
    values = bound(
        task=task_id, position=delivery.position, attempts=delivery.attempts, message_id=delivery.message_id,
        updated=now(),
    )  # fmt: skip
    if MARK.run(conn, values).rowcount > 0:
        return True
    this = (d.c.task == task_id) & (d.c.position == delivery.position)
    # The connection may have broken during the commit of this very step, which then runs again.
    mine = select(d.c.position).where(this, d.c.state == DeliveryState.SENDING, d.c.attempts == delivery.attempts)
    if conn.execute(mine).first() is not None:
        return True
    skip_suppressed(conn, task_id, delivery.position, delivery.position)
    return False


def skip_suppressed(conn: Connection, task_id: int, first: int, last: int) -> int:
    """Skips waiting deliveries in this range whose address is suppressed; returns the count."""
    this = (d.c.task == task_id) & d.c.position.between(first, last) & may_become(DeliveryState.SKIPPED)
    values = {
        "state": DeliveryState.SKIPPED, "skip_reason": SkipReason.NEVER, "reply": SUPPRESSED, "updated": now()
    }  # fmt: skip
    return conn.execute(update(d).where(this, _SUPPRESSED).values(**values)).rowcount


def bound(**values: Any) -> dict[str, Any]:
    """Returns the values by the names of the statements' parameters."""
    return {f"b_{name}": value for name, value in values.items()}
