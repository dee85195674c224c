"""The transitions of a delivery's state, and SQL conditions on states."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, and_, case, or_

from webapp.db import schema
from webapp.ports.delivery_state import DeliveryResult, DeliveryState, SkipReason

d = schema.delivery

TRANSITIONS: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    # Failed without being sent: its message could not be made.
    DeliveryState.WAITING: frozenset({DeliveryState.SENDING, DeliveryState.SKIPPED, DeliveryState.FAILED}),
    DeliveryState.SENDING: frozenset(
        {
            DeliveryState.SENT,
            DeliveryState.FAILED,
            DeliveryState.UNKNOWN,
            DeliveryState.SAVED,
            DeliveryState.WAITING,
        }
    ),
    # Sent or failed by a late reply; waiting again only if a person decides so.
    DeliveryState.UNKNOWN: frozenset({DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.WAITING}),
    DeliveryState.SENT: frozenset({DeliveryState.RETURNED}),
    DeliveryState.FAILED: frozenset({DeliveryState.WAITING}),
    DeliveryState.SAVED: frozenset({DeliveryState.WAITING}),
    DeliveryState.SKIPPED: frozenset({DeliveryState.WAITING}),
    DeliveryState.RETURNED: frozenset(),
}

# What pages count by: the reason of a skipped delivery if it has one, else its state.
RESULT = case((d.c.skip_reason != "", d.c.skip_reason), else_=d.c.state)


def allowed_from(state: DeliveryState) -> list[DeliveryState]:
    """Returns the states from which a delivery may change to `state`."""
    return [before for before, after in TRANSITIONS.items() if state in after]


def may_become(state: DeliveryState) -> ColumnElement[bool]:
    """Matches the deliveries whose state allows a change to `state`."""
    return or_(*(d.c.state == before for before in allowed_from(state)))


def is_result(result: DeliveryResult) -> ColumnElement[bool]:
    """Matches the deliveries that pages count under `result`."""
    if isinstance(result, SkipReason):
        return and_(d.c.state == DeliveryState.SKIPPED, d.c.skip_reason == result)
    return and_(d.c.state == result, d.c.skip_reason == "")


def is_retryable() -> ColumnElement[bool]:
    """Matches the deliveries that Retry sends (again)."""
    return or_(*(is_result(result) for result in (*DeliveryState, *SkipReason) if result.is_retryable))
