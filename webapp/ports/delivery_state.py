"""The states of a delivery and the reasons to skip one: two closed sets, described in one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The texts of a result, and its consequences."""

    text: str  # its name on pages
    outcome: str  # follows a number in the outcome of a task
    is_final: bool = True  # the run does nothing more with such a delivery
    is_retryable: bool = False  # Retry sends it (again)
    was_accepted: bool = False  # a server accepted the message: it cannot be taken back
    may_have_arrived: bool = False  # the recipient has the message, or perhaps has it
    is_intended: bool = False  # a person chose it: the task needs no attention for it


class _Described:
    """The facts of a member as its properties."""

    @property
    def text(self) -> str:
        return FACTS[self].text

    @property
    def outcome(self) -> str:
        return FACTS[self].outcome

    @property
    def is_final(self) -> bool:
        return FACTS[self].is_final

    @property
    def is_retryable(self) -> bool:
        return FACTS[self].is_retryable

    @property
    def was_accepted(self) -> bool:
        return FACTS[self].was_accepted

    @property
    def may_have_arrived(self) -> bool:
        return FACTS[self].may_have_arrived

    @property
    def is_intended(self) -> bool:
        return FACTS[self].is_intended


class DeliveryState(_Described, StrEnum):
    """The state of one delivery; `unknown`: perhaps it arrived, `returned`: a bounce came back."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    SAVED = "saved"
    RETURNED = "returned"

    @classmethod
    def stored(cls, value: str) -> "DeliveryState":
        """Returns the state of a row; UNKNOWN for a value that only another version knows."""
        return cls._value2member_map_.get(value, cls.UNKNOWN)  # type: ignore[return-value]


class SkipReason(_Described, StrEnum):
    """Why a delivery was left out; one that was skipped because its task stopped has no reason."""

    BAD = "bad"
    DUPLICATE = "duplicate"
    AGAIN = "again"
    NEVER = "never"
    EMPTY = "empty"


# What pages count and filter by: the reason of a skipped delivery if it has one, else its state.
DeliveryResult = DeliveryState | SkipReason

# In the order in which pages list them.
FACTS: Mapping[object, Facts] = {
    DeliveryState.SENT: Facts(text="sent", outcome="sent", was_accepted=True, may_have_arrived=True),
    DeliveryState.FAILED: Facts(text="failed", outcome="failed", is_retryable=True),
    DeliveryState.UNKNOWN: Facts(text="unknown", outcome="may have arrived: not confirmed", may_have_arrived=True),
    DeliveryState.RETURNED: Facts(text="returned", outcome="returned: a bounce came back", was_accepted=True),
    DeliveryState.SAVED: Facts(text="saved to the outbox", outcome="saved to the outbox, not sent", is_retryable=True),
    DeliveryState.SKIPPED: Facts(text="skipped", outcome="skipped", is_retryable=True),
    SkipReason.BAD: Facts(text="without a valid address", outcome="had no valid address"),
    SkipReason.DUPLICATE: Facts(text="duplicates, left out", outcome="left out as duplicates", is_intended=True),
    SkipReason.AGAIN: Facts(text="got it before, left out", outcome="left out: they got it before", is_intended=True),
    SkipReason.NEVER: Facts(
        text="never written to, left out", outcome="left out: on the suppression list", is_intended=True
    ),
    SkipReason.EMPTY: Facts(
        text="nothing to send, left out", outcome="not sent: there was nothing to send", is_intended=True
    ),
    DeliveryState.SENDING: Facts(text="sending", outcome="being sent", is_final=False, may_have_arrived=True),
    DeliveryState.WAITING: Facts(text="waiting", outcome="not sent yet", is_final=False, is_retryable=True),
}
RESULTS: tuple[DeliveryResult, ...] = tuple(result for result in FACTS if isinstance(result, DeliveryResult))


Counts = Mapping[DeliveryResult, int]  # how many deliveries have each result


def accepted(counts: Counts) -> int:
    """Returns how many messages a server has accepted."""
    return sum(number for result, number in counts.items() if result.was_accepted)


def find_result(value: str) -> DeliveryResult | None:
    """Returns the state or the reason with this value; None if there is none."""
    return next((result for result in RESULTS if result == value), None)


def stored_result(value: str) -> DeliveryResult:
    """Returns the result of a row; UNKNOWN for a value that only another version knows."""
    return find_result(value) or DeliveryState.UNKNOWN
