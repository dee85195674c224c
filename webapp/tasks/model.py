"""A task as pages and engines see it, and its state machine; without the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from webapp.files.model import File
from webapp.ports.delivery_state import Counts, DeliveryState, accepted
from webapp.tasks.cancellation import StopRequest
from webapp.tasks.holds import HOLDS, UNKNOWN_HOLD, Hold, HoldReason


class State(StrEnum):
    """The state of a task; the values are what programs see."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    ATTENTION = "attention"
    FAILED = "failed"
    CANCELLED = "cancelled"
    HELD = "held"

    @classmethod
    def stored(cls, value: str) -> "State":
        """Returns the state of a row; one that only another version knows is shown as failed."""
        return cls._value2member_map_.get(value, cls.FAILED)  # type: ignore[return-value]

    @property
    def words(self) -> str:
        """The state as people see it."""
        return "needs attention" if self is State.ATTENTION else self.value

    @property
    def has_ended(self) -> bool:
        return self in ENDED


NAMES = ("name", "full name", "nombre", "contact", "person", "customer")
FIRST, LAST = ("first name", "firstname", "given name"), ("last name", "lastname", "surname", "family name")

ENDED = frozenset({State.DONE, State.ATTENTION, State.FAILED, State.CANCELLED})
ACTIVE = frozenset({State.WAITING, State.RUNNING})

TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.WAITING: frozenset({State.RUNNING, State.CANCELLED, State.HELD}),
    State.RUNNING: ENDED | {State.WAITING, State.HELD},
    State.HELD: frozenset({State.WAITING, State.CANCELLED}),
    State.FAILED: frozenset({State.WAITING}),
    State.ATTENTION: frozenset({State.WAITING}),
    State.CANCELLED: frozenset({State.WAITING}),
    State.DONE: frozenset(),
}


def allowed_from(state: State) -> list[State]:
    """Returns the states from which a task may change to `state`."""
    return [before for before, after in TRANSITIONS.items() if state in after]


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a task is; `total` is None while it is not known."""

    done: int
    total: int | None
    words: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a task's log; `state` is set if the line records a change of state."""

    id: int
    at: datetime
    state: State | None
    words: str


@dataclass(frozen=True, kw_only=True)
class DeliveryRow:
    """One delivery, as pages and programs list it."""

    position: int
    to: str
    state: DeliveryState
    attempts: int
    reply: str
    technical: str
    message_id: str
    next_try: datetime | None
    updated: datetime
    data: Mapping[str, Any] = field(default_factory=dict)  # the row of a list, by its columns

    @property
    def name(self) -> str:
        """The name of the person in the row of the list; empty if no column has it."""
        return name_in(self.data)


def name_in(data: Mapping[str, Any]) -> str:
    """Returns the name of the person in a row of a list, by the usual names of columns."""
    by_key = {" ".join(key.split()).casefold(): str(value) for key, value in data.items()}
    if found := next((by_key[name] for name in NAMES if by_key.get(name)), ""):
        return found
    first, last = (next((by_key[name] for name in names if by_key.get(name)), "") for names in (FIRST, LAST))
    return f"{first} {last}".strip()


@dataclass(frozen=True, kw_only=True)
class Task:
    """One thing that a person or a program started."""

    id: int
    kind: str
    title: str
    owner: int
    owner_name: str
    owner_email: str
    state: State
    form: Mapping[str, Any]
    form_version: int
    queue: str
    priority: int
    not_before: datetime
    undo_until: datetime | None
    attempt: int
    worker: str | None
    requested: StopRequest | None
    requested_by: str | None
    hold_reason: HoldReason | None  # None unless it is held
    expanded: bool
    progress: Progress
    outcome: str
    cause: str
    fault: str
    reference: str | None
    technical: str
    acknowledged_at: datetime | None
    consecutive_failures: int
    rate: float | None
    target: str
    sender: str
    created: datetime
    started: datetime | None
    finished: datetime | None
    chart: Mapping[str, Any] | None = None
    files: Sequence[File] = ()
    counts: Counts = field(default_factory=dict)  # of its deliveries; empty if it has none

    @property
    def is_active(self) -> bool:
        """True if pages should poll it often."""
        return self.state in ACTIVE

    @property
    def is_stopping(self) -> bool:
        """True if a person has requested to cancel or pause it, and it still runs."""
        return self.requested is not None and self.state is State.RUNNING

    @property
    def has_speed(self) -> bool:
        """True for a mail run that has not ended: its speed can be changed."""
        return self.queue == "mail" and not self.state.has_ended

    @property
    def hold(self) -> Hold | None:
        """What follows from being held; None unless it is held."""
        if self.state is not State.HELD:
            return None
        return HOLDS[self.hold_reason] if self.hold_reason else UNKNOWN_HOLD

    @property
    def needs_you(self) -> bool:
        """True until a person marks a failed task as dealt with; the rail counts these tasks."""
        return self.state in (State.FAILED, State.ATTENTION) and self.acknowledged_at is None

    @property
    def was_undone(self) -> bool:
        """True if it was taken back before it started."""
        return self.state is State.CANCELLED and self.cause == "undone"

    @property
    def can_retry(self) -> bool:
        """True if Retry has something to do: what failed, was skipped or saved; never what was sent or is unknown."""
        if self.state not in (State.FAILED, State.ATTENTION, State.CANCELLED):
            return False
        return not self.counts or not self.expanded or self.retryable > 0

    @property
    def retryable(self) -> int:
        """The number of deliveries that a retry would send again."""
        return sum(number for result, number in self.counts.items() if result.is_retryable)

    @property
    def sent_count(self) -> int:
        """The number of messages that a server has accepted."""
        return accepted(self.counts)

    @property
    def failed_count(self) -> int:
        return self.counts.get(DeliveryState.FAILED, 0)

    @property
    def unknown_count(self) -> int:
        return self.counts.get(DeliveryState.UNKNOWN, 0)

    @property
    def not_prepared(self) -> int:
        """The number of deliveries that are not in the table yet, so that counts always add up."""
        if self.expanded or self.progress.total is None:
            return 0
        return max(0, self.progress.total - sum(self.counts.values()))

    def can_undo(self, moment: datetime) -> bool:
        """Returns True while the undo window is open."""
        return self.state is State.WAITING and self.undo_until is not None and moment < self.undo_until
