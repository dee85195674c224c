"""Why a task is held, who may let it continue, and by which action."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from webapp.ports.people import Person


class HoldReason(StrEnum):
    """Why a task is held; the values are what programs see."""

    RESTORED = "restored"
    PAUSED = "paused"

    @classmethod
    def stored(cls, value: str | None) -> "HoldReason | None":
        """Returns the reason of a row; None if there is none, or one that only another version knows."""
        return cls._value2member_map_.get(value)  # type: ignore[return-value]


class HoldAction(StrEnum):
    """What lets a held task continue: the last part of the address of its button and of its API call."""

    RELEASE = "release"
    RESUME = "resume"

    @property
    def label(self) -> str:
        """The text of the button."""
        return self.value.capitalize()

    @property
    def log_line(self) -> str:
        """The line in the task's log, before the name of the person."""
        return f"{self.label}d by"


@dataclass(frozen=True, kw_only=True)
class Releasers:
    """The people who may let a task continue; `includes` gets a person and the id of the task's owner."""

    text: str
    includes: Callable[[Person, int], bool]


@dataclass(frozen=True, kw_only=True)
class Hold:
    """What follows from a reason to hold a task."""

    text: str  # completes “This task is …”
    sentence: str  # the sentence in the task's row
    action: HoldAction | None  # None: it can only be cancelled
    by: Releasers
    needs_look: bool = False  # rows lead to the page of the task, which has the button

    def may_end(self, person: Person, owner: int) -> bool:
        """Returns True if this person may let the task of this owner (id) continue."""
        return self.action is not None and self.by.includes(person, owner)


OWNER_OR_ADMIN = Releasers(
    text="its owner or an admin", includes=lambda person, owner: person.is_admin or person.id == owner
)

HOLDS: Mapping[HoldReason, Hold] = {
    HoldReason.RESTORED: Hold(
        text="held after a restore",
        sentence="Held after a restore. Nothing goes out until it is released.",
        action=HoldAction.RELEASE,
        by=OWNER_OR_ADMIN,
        needs_look=True,
    ),
    HoldReason.PAUSED: Hold(
        text="paused",
        sentence="Nothing more goes out until it is resumed.",
        action=HoldAction.RESUME,
        by=OWNER_OR_ADMIN,
    ),
}

# For a task that another version of Outtray has held.
UNKNOWN_HOLD = Hold(
    text="held for a reason that this version of Outtray does not know",
    sentence="Held for a reason that this version of Outtray does not know. It can be cancelled.",
    action=None,
    by=OWNER_OR_ADMIN,
    needs_look=True,
)
