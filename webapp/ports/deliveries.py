"""One message on its way: the delivery, the target that takes it, and the reply."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from webapp.ports.delivery_state import DeliveryState, SkipReason

# What a delivery's reply says where the address itself is at fault: whoever filled in the form can correct it.
ADDRESS_FAULTS = (
    "There is no such mailbox.",
    "The mail server does not understand this address.",
    "The part after the @ does not exist, or takes no mail.",
    "The mailbox is closed.",
)
LONGEST_AFTER = 7_200.0  # seconds that a server may ask to wait; more is taken as this


@dataclass(frozen=True)
class NewDelivery:
    """One message to be sent: an address or a channel, and the merge data of its row.

    `key` names the mailbox: two with the same reach the same. With a `skip_reason` nothing is sent there; `skip` then
    says why to people.
    """

    to: str
    data: dict[str, Any] = field(default_factory=dict)
    skip: str = ""
    skip_reason: SkipReason | None = None
    key: str = ""
    channel: str = ""  # of a notification: which way it goes


@dataclass(frozen=True)
class Delivery:
    """One delivery that its task is handing over now; `attempts` counts this one."""

    position: int
    to: str
    data: dict[str, Any]
    attempts: int
    message_id: str


class ReplyState(StrEnum):
    """How handing one message over ended: as the state that its delivery gets, or so that it is tried again."""

    SENT = DeliveryState.SENT.value
    FAILED = DeliveryState.FAILED.value  # for good
    UNKNOWN = DeliveryState.UNKNOWN.value  # the connection broke after the message was handed over
    SAVED = DeliveryState.SAVED.value
    LATER = "later"  # the server said: try again later
    LOST = "lost"  # the connection broke before the message was handed over

    @property
    def delivery_state(self) -> DeliveryState:
        """The state of the delivery after this reply, as long as it may be tried again."""
        if self in (ReplyState.LATER, ReplyState.LOST):
            return DeliveryState.WAITING
        return DeliveryState(self.value)


@dataclass(frozen=True)
class Reply:
    """What handing one message over came to; `words` are for people, `technical` is the server's own text."""

    state: ReplyState
    words: str
    technical: str = ""
    after: float | None = None  # of LATER: the seconds that the server asked to wait

    @property
    def is_sent(self) -> bool:
        """True if the message was accepted."""
        return self.state is ReplyState.SENT


class Target(Protocol):
    """Where deliveries go, one at a time: a mail server, the outbox, the log file."""

    name: str
    rate: float | None  # messages per second, shared by all slots; None: as fast as it takes them
    patience: float = 5.0  # seconds that a run waits here for its turn; after that it lets its slot do other work
    rests: bool = False  # what had trouble is left alone for a while, by all runs

    def closed(self) -> str:
        """Why nothing may go there for now, such as a pause; empty: it is open."""
        return ""

    def ready(self) -> None:
        """Connected and signed in; raises TaskError (not permanent where a later try may succeed)."""

    def admit(self) -> bool:
        """Whether it may connect now, where only so many may at once; False: ask again soon."""
        return True

    def is_wanted(self) -> bool:
        """Whether somebody waits to be admitted who had better go first."""
        return False

    def step_aside(self) -> None:
        """Ends the connection and lets another one in."""
        return None

    def begin(self, to: str) -> None:
        """Tells it for whom the next message is, while that is being written down; nothing of the message goes."""
        return None

    def give_up(self) -> None:
        """What was begun does not go after all."""
        return None


class Message(Protocol):
    """One message as a mail target takes it."""

    @property
    def message_id(self) -> str: ...

    def as_bytes(self, *, utf8: bool = False) -> bytes:
        """With CRLF line ends and, unless `utf8`, in ASCII."""


class MailTarget(Target, Protocol):
    """A mail server or the outbox."""

    sender: str  # the From address, maybe with a name

    def send(self, message: Message, to: str) -> Reply:
        """Hands one message over to one envelope recipient; never raises for what a server may do."""


class LineTarget(Target, Protocol):
    """A text file that takes one line per delivery."""

    def send(self, to: str, message: str) -> Reply:
        """Appends one line."""
