"""Maps a reply to a delivery's columns, records them, and decides when repeated failures stop a run."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, update

from webapp.clock import now
from webapp.db import schema
from webapp.errors import TaskError
from webapp.ports.deliveries import Delivery, NewDelivery, Reply, ReplyState
from webapp.ports.delivery_state import DeliveryState
from webapp.tasks.ledger.delivery_state import may_become
from webapp.tasks.ledger.statements import SETTLE, bound

d = schema.delivery

STOP_AFTER = 25  # failures in a row
REST = 10.0  # seconds


def columns_after(delivery: Delivery, reply: Reply, waits: Sequence[int]) -> dict[str, Any]:
    """Returns the columns of a delivery after this reply; `waits` (s) are those before each retry."""
    state, words, next_try = reply.state.delivery_state, reply.words, None
    if state is DeliveryState.WAITING:
        tried = delivery.attempts - 1
        if tried >= len(waits):
            state, words = DeliveryState.FAILED, f"{words} It was tried {delivery.attempts} times."
        else:
            next_try = now() + timedelta(seconds=_seconds_before_retry(reply, tried, waits[tried]))
    return {
        "state": state,
        "reply": words,
        "technical": reply.technical[:4_000],
        "next_try": next_try,
        "updated": now(),
    }


def _seconds_before_retry(reply: Reply, tried: int, usual: float) -> float:
    # The first loss of a connection is no reason to wait: the next connection may work.
    seconds = 0.0 if reply.state is ReplyState.LOST and tried == 0 else usual
    return seconds if reply.after is None else max(seconds, reply.after)


def record_outcome(conn: Connection, task_id: int, delivery: Delivery, columns: dict[str, Any]) -> None:
    """Writes the outcome of a delivery that is marked as sending."""
    SETTLE.run(conn, bound(task=task_id, position=delivery.position, **columns))


def record_late_outcome(conn: Connection, task_id: int, delivery: Delivery, columns: dict[str, Any]) -> bool:
    """Writes the outcome of a delivery that has become unknown; returns False if another attempt owns it by now."""
    row = (d.c.task == task_id) & (d.c.position == delivery.position) & (d.c.attempts == delivery.attempts)
    late = update(d).where(row, d.c.state == DeliveryState.UNKNOWN)
    return conn.execute(late.values(**columns)).rowcount > 0


def fail_unprepared(conn: Connection, task_id: int, delivery: Delivery, error: Exception) -> None:
    """Fails a waiting delivery of which nothing could be handed over."""
    words = f"This message could not be made: {str(error).rstrip('.')}. Nothing was sent to this address."
    row = (d.c.task == task_id) & (d.c.position == delivery.position) & may_become(DeliveryState.FAILED)
    values = {"state": DeliveryState.FAILED, "reply": words[:400], "technical": repr(error)[:4_000], "next_try": None}
    conn.execute(update(d).where(row).values(**values, attempts=delivery.attempts, updated=now()))


def rest_of(reply: Reply, waits: Sequence[int]) -> float:
    """Returns the seconds for which a target gets nothing after this reply: as long as it asked for, at least REST."""
    if reply.state not in (ReplyState.LATER, ReplyState.UNKNOWN):
        return 0.0
    return max(reply.after or 0.0, min(waits[0] if waits else 0.0, REST))


def new_row(task_id: int, position: int, delivery: NewDelivery) -> dict[str, Any]:
    """Returns the row of a delivery that enters the ledger."""
    return {
        "task": task_id,
        "position": position,
        "to": delivery.to,
        "key": delivery.key,
        "channel": delivery.channel,
        "data": delivery.data,
        "state": DeliveryState.SKIPPED if delivery.skip_reason else DeliveryState.WAITING,
        "skip_reason": delivery.skip_reason or "",
        "reply": delivery.skip,
        "updated": now(),
    }


def in_a_row(failures: int, reply: Reply) -> int:
    """Returns how many deliveries failed in a row, this one included; one that is tried again does not count yet."""
    match reply.state:
        case ReplyState.FAILED | ReplyState.UNKNOWN:
            return failures + 1
        case ReplyState.SENT | ReplyState.SAVED:
            return 0
        case ReplyState.LATER | ReplyState.LOST:
            return failures


def stop(failures: int, last: str) -> TaskError:
    """Returns the error that stops a run after `failures` in a row; `last` is the message of the last one."""
    words = (
        f"It stopped automatically, because {failures} messages in a row failed. The last one: {last} "
        "Check what the server replied, then press Retry: it continues with the rest."
    )
    return TaskError(words, permanent=True, cause="mail-refusals", technical=last)
