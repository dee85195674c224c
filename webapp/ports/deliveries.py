"""One message to send: the delivery, the target that accepts it, and the reply."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from webapp.ports.delivery_state import DeliveryState, SkipReason

# Replies that blame the address itself: the person who filled in the form can correct it.
ADDRESS_FAULTS = (
    "There is no such mailbox.",
    "The mail server does not understand this address.",
    "The part after the @ does not exist, or takes no mail.",
    "The mailbox is closed.",
)
LONGEST_AFTER = 7_200.0  # seconds that a server may ask to wait; more counts as this


@dataclass(frozen=True)
class NewDelivery:
    """One message to be sent: an address or a channel, and the merge data of its row.

    `key` names the mailbox: two deliveries with the same key reach the same mailbox. With a `skip_reason` nothing is
    sent; `skip` is the reason that people see.
    """

    to: str
    data: dict[str, Any] = field(default_factory=dict)
    skip: str = ""
    skip_reason: SkipReason | None = None
    key: str = ""
    channel: str = ""  # of a notification


@dataclass(frozen=True)
class Delivery:
    """One delivery that its task is handing over now; `attempts` counts this one."""

    position: int
    to: str
    data: dict[str, Any]
    attempts: int
    message_id: str


class ReplyState(StrEnum):
    """The result of handing over one message: the state of its delivery, or a reason to retry."""

    SENT = DeliveryState.SENT.value
    FAILED = DeliveryState.FAILED.value  # permanently
    UNKNOWN = DeliveryState.UNKNOWN.value  # the connection broke after the message was handed over
    SAVED = DeliveryState.SAVED.value
    LATER = "later"  # the server asked to try again later
    LOST = "lost"  # the connection broke before the message was handed over

    @property
    def delivery_state(self) -> DeliveryState:
        """The state of the delivery after this reply, as long as it may be tried again."""
        if self in (ReplyState.LATER, ReplyState.LOST):
            return DeliveryState.WAITING
        return DeliveryState(self.value)


@dataclass(frozen=True)
class Reply:
    """The reply to one message; `words` are for people, `technical` is the server's own text."""

    state: ReplyState
    words: str
    technical: str = ""
    after: float | None = None  # of LATER: the seconds that the server asked to wait

    @property
    def is_sent(self) -> bool:
        """True if the message was accepted."""
        return self.state is ReplyState.SENT


class Target(Protocol):
    """What deliveries are sent to, one at a time: a mail server, the outbox, the log file."""

    name: str
    rate: float | None  # messages per second, shared by all slots; None: no limit
    patience: float = 5.0  # seconds that a run waits for this target; after that its slot does other work
    rests: bool = False  # after trouble no run uses it for a while

    def closed(self) -> str:
        """Returns why nothing may be sent now, for example a pause; empty if it is open."""
        return ""

    def ready(self) -> None:
        """Connects and signs in; raises TaskError (not permanent if a later try may succeed)."""

    def admit(self) -> bool:
        """Returns False if the connection limit is reached: ask again soon."""
        return True

    def is_wanted(self) -> bool:
        """Returns True if a more urgent sender is waiting for this connection."""
        return False

    def step_aside(self) -> None:
        """Closes the connection, so that another sender can connect."""
        return None

    def begin(self, to: str) -> None:
        """Announces the next recipient while the ledger commits; no content is sent."""
        return None

    def give_up(self) -> None:
        """Withdraws the announced recipient: its message is not sent."""
        return None


class Message(Protocol):
    """One message in the form that a mail target accepts."""

    @property
    def message_id(self) -> str: ...

    @property
    def content(self) -> bytes:
        """The message with CRLF line ends and, unless `utf8`, in ASCII."""

    @property
    def utf8(self) -> bool:
        """Whether only a server with SMTPUTF8 takes its addresses."""


class MailTarget(Target, Protocol):
    """A mail server or the outbox."""

    sender: str  # the From address, maybe with a name

    def send(self, message: Message, to: str) -> Reply:
        """Hands one message over to one envelope recipient; returns, never raises, the faults of a server."""


class LineTarget(Target, Protocol):
    """A text file that takes one line per delivery."""

    def send(self, to: str, message: str) -> Reply:
        """Appends one line and returns the result."""
