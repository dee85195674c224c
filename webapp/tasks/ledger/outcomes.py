"""What the columns of a delivery say before it goes, and after a reply; and when a run had better stop by itself."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from webapp.db.types import now
from webapp.errors import TaskError
from webapp.ports.deliveries import Delivery, NewDelivery, Reply

STOP_AFTER = 25  # failures in a row
REST = 10.0  # seconds


def settled(delivery: Delivery, reply: Reply, waits: Sequence[int]) -> dict[str, Any]:
    """The columns of a delivery after this reply; `waits` (s) are those before each further try."""
    state: str = reply.state
    words, next_try = reply.words, None
    if state in ("later", "lost"):
        tried = delivery.attempts - 1
        if tried >= len(waits):
            state, words = "failed", f"{words} It was tried {delivery.attempts} times."
        else:
            # The first loss of a connection is no reason to wait: the next connection may be well.
            seconds: float = 0 if state == "lost" and tried == 0 else waits[tried]
            seconds = seconds if reply.after is None else max(seconds, reply.after)
            state, next_try = "waiting", now() + timedelta(seconds=seconds)
    return {
        "state": state,
        "reply": words,
        "technical": reply.technical[:4_000],
        "next_try": next_try,
        "updated": now(),
    }


def rest_of(reply: Reply, waits: Sequence[int]) -> float:
    """Seconds for which a target that answered so is left alone: as long as it asked for, else a little."""
    if reply.state not in ("later", "unknown"):
        return 0.0
    return max(reply.after or 0.0, min(waits[0] if waits else 0.0, REST))


def new_row(task_id: int, position: int, delivery: NewDelivery) -> dict[str, Any]:
    return {
        "task": task_id,
        "position": position,
        "to": delivery.to,
        "key": delivery.key,
        "channel": delivery.channel,
        "data": delivery.data,
        "state": "skipped" if delivery.skip else "waiting",
        "why": delivery.why,
        "reply": delivery.skip,
        "updated": now(),
    }


def in_a_row(refused: int, reply: Reply) -> int:
    """How many failed in a row, this one included; what is tried again later says nothing yet."""
    if reply.state in ("failed", "unknown"):
        return refused + 1
    return 0 if reply.state in ("sent", "saved") else refused


def stop(refused: int, last: str) -> TaskError:
    """Why a run stops by itself; `last` are the words of the last failure."""
    words = (
        f"It stopped by itself, because the last {refused} failed one after another. The last one: {last} "
        "Look at what the server said, then press Retry: it goes on with those that are left."
    )
    return TaskError(words, permanent=True, cause="mail-refusals", technical=last)
