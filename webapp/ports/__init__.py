"""The protocols through which rooms meet; this room imports only errors."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, model_validator

if TYPE_CHECKING:  # named in signatures only: a slot imports neither FastAPI nor, in a report's child, SQLAlchemy twice
    from fastapi import BackgroundTasks
    from sqlalchemy import Connection

# What a delivery's reply says where the address itself is at fault: whoever filled in the form can correct it.
ADDRESS_FAULTS = (
    "There is no such mailbox.",
    "The mail server does not understand this address.",
    "The part after the @ does not exist, or takes no mail.",
    "The mailbox is closed.",
)

DeliveryState = Literal["waiting", "sending", "sent", "failed", "unknown", "skipped", "saved"]


class TaskForm(BaseModel):
    """What a person fills in to start a task; stored as JSON with `VERSION`.

    A field's `title` is its label and its `description` the hint below it; `json_schema_extra` may say
    `{"widget": "textarea" | "addresses" | "data" | "columns" | "choice" | "channels" | "seconds", …}`.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    VERSION: ClassVar[int] = 1

    @model_validator(mode="before")
    @classmethod
    def _only_text_that_can_be_stored(cls, data: Any) -> Any:
        _refuse_unstorable(data)
        return data

    @classmethod
    def upgrade(cls, data: dict[str, Any], version: int) -> dict[str, Any]:
        """A stored form of an older version in today's shape; raises ValueError where it must be filled in again."""
        return data


def _refuse_unstorable(value: Any) -> None:
    # PostgreSQL stores no NUL and no database stores half a surrogate pair.
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
            raise ValueError("This text holds a character that cannot be stored. Type it again.")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _refuse_unstorable(key)
            _refuse_unstorable(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _refuse_unstorable(inner)


@dataclass(frozen=True)
class NewDelivery:
    """One message to be sent: an address or a channel, and the merge data of its row.

    `key` names the mailbox: two with the same reach the same. `skip` says in plain words why nothing is sent there,
    `why` in one word: bad, duplicate, again.
    """

    to: str
    data: dict[str, Any] = field(default_factory=dict)
    skip: str = ""
    why: str = ""
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


@dataclass(frozen=True)
class Reply:
    """What came of handing one message over.

    `state`: sent, failed (for good), later (the server said: try again later), lost (the connection broke before
    the message was handed over), unknown (it broke after), saved (to the outbox). `words` are plain;
    `technical` is the server's own text.
    """

    state: Literal["sent", "failed", "later", "lost", "unknown", "saved"]
    words: str
    technical: str = ""
    after: float | None = None  # of “later”: the seconds that the server asked to wait


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


@dataclass(frozen=True)
class Column:
    """A column of a table: `type` is text, integer, number, yes-no, date or time (a date with a time)."""

    name: str
    type: str
    note: str = ""
    wished: str = ""  # how a person wants it read, one of reports.wish.TYPES


@dataclass(frozen=True)
class Understood:
    """What was understood of an uploaded table; stored as JSON beside it."""

    rows: int
    columns: Sequence[Column]
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    notes: Sequence[str] = ()
    sheets: Sequence[str] = ()  # of a workbook, those that could have been read


@dataclass(frozen=True)
class Table:
    """An uploaded table: `path` is the file as it came, `typed` the same as Parquet with the types of `understood`."""

    id: str
    name: str
    path: Path
    typed: Path
    understood: Understood


@dataclass(frozen=True)
class Parameter:
    """A named value of a saved query: `type` is text, number, date or choice; choices are written down or found.

    `query`: the number of the query whose first column holds the choices, 0 for none.
    """

    name: str
    title: str = ""
    type: str = "text"
    choices: Sequence[str] = ()
    query: int = 0
    default: str = ""
    optional: bool = False


@dataclass(frozen=True)
class SavedQuery:
    """A query that an admin wrote, as whoever uses it sees it; `columns` as they were when it was tried."""

    id: str
    name: str
    columns: Sequence[Column]
    parameters: Sequence[Parameter] = ()


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a message: an upload, or what a task made; `size` in bytes."""

    id: str
    name: str
    media_type: str
    size: int
    path: Path


@dataclass(frozen=True)
class Person:
    """Who starts or owns a task, as far as other rooms need to know."""

    id: int
    email: str
    name: str
    role: Literal["staff", "admin"]
    zone: ZoneInfo
    undo_seconds: int

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"


class Desk(Protocol):
    """What a kind may look at while a form is checked or drawn, on behalf of one person."""

    @property
    def person(self) -> Person: ...

    def table(self, upload_id: str) -> Table:
        """The person's own upload; NotFound where there is none."""

    def tables(self) -> Sequence[Table]:
        """The person's uploads, newest first, at most 20."""

    def channels(self) -> "Sequence[Channel]":
        """The places that this person may send notifications to, by name, without their addresses."""

    def colleagues(self) -> "Sequence[Person]":
        """Everybody who can sign in."""

    def query(self, query_id: str) -> SavedQuery:
        """A saved query that this person may use; NotFound for every other."""

    def queries(self) -> Sequence[SavedQuery]:
        """Those that this person may use, by name."""

    def choices(self, parameter: Parameter) -> tuple[Sequence[str], str]:
        """What may be chosen for it, or words that say why that is not known."""

    def ask(self, query_id: str, values: Mapping[str, str], target: Path, most: int) -> Understood:
        """Writes at most so many rows that it finds as a typed copy; UserError in plain words."""

    def judge(self, query_id: str, values: Mapping[str, str]) -> None:
        """FormErrors where the values do not fit the query."""

    def records(self, name: str, most: int) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        """The titles and the newest rows of the panel's own tasks or deliveries, as far as this person sees them."""

    def kept(self) -> Sequence[tuple[str, str, Table]]:
        """The person's data under a name: the id that always means today's, the name, and today's table."""

    def senders(self) -> Sequence[tuple[str, str]]:
        """Each mail server's id and who its mail comes from, the usual one first; empty where there is no choice."""

    def attachment(self, file_id: str) -> Attachment:
        """An upload, or a file of a task, that this person may have; NotFound where there is none any more."""

    def attachable(self) -> Sequence[Attachment]:
        """The newest files of this person's tasks, at most 10."""

    def unwanted(self, addresses: Sequence[str]) -> Sequence[str]:
        """Those of these addresses to which nobody may write."""


class TaskContext(Protocol):
    """A running task, as its kind sees it. Any call may raise to end the run (cancel, pause, stop): let it pass."""

    id: int
    owner: Person
    data_dir: Path
    most_rows: int  # of a report
    done: int  # progress kept from an earlier attempt

    def log(self, words: str) -> None:
        """A line of the task's log, for everybody."""

    def progress(self, done: int, total: int | None = None, words: str = "") -> None:
        """How far it is; stored at most four times a second. A point at which the run may be ended."""

    def sleep(self, seconds: float) -> None:
        """Waits at most 5 s at a time; ended at once by a wish to stop."""

    def table(self, upload_id: str) -> Table:
        """An upload of the owner's; TaskError where it is gone."""

    def attachment(self, file_id: str) -> Attachment:
        """An upload or a file of the owner's; TaskError where it is gone."""

    def reached(self, tasks: Sequence[int]) -> frozenset[str]:
        """The mailboxes that these tasks of the owner's reached, or may have; named as NewDelivery.key is."""

    def ask(self, query_id: str, values: Mapping[str, str], target: Path) -> tuple[SavedQuery, Understood]:
        """Writes all rows that a saved query finds as a typed copy; TaskError in plain words."""

    def records(self, name: str) -> tuple[Sequence[str], Iterator[Sequence[Any]]]:
        """The titles and the rows of the panel's own tasks or deliveries, as far as the owner sees them."""

    def made(self) -> Sequence[Attachment]:
        """The files that an earlier attempt of this task made, and that are still there."""

    def scratch(self) -> AbstractContextManager[Path]:
        """A path for what is needed in between; gone when the block ends."""

    def keep_preview(self, name: str, data: Mapping[str, Any]) -> None:
        """The first rows of a file that it made, as reports.peek.Peek has them."""

    def draw(self, chart: Mapping[str, Any]) -> None:
        """A chart for the page of the task, as reports.charts.Chart.as_json says it."""

    def pace(self, name: str) -> float | None:
        """Seconds for each unit of work of this name, as earlier tasks took them; None where nothing tells."""

    def keep_pace(self, name: str, seconds: float) -> None:
        """What this task took for each unit of it."""

    def skip(self, words: str, why: str) -> None:
        """Nothing goes to those to whom nothing has gone yet, on purpose; `why` in one word, `words` say it."""

    def address(self) -> str:
        """Where people open the panel, without a / at its end."""

    def new_file(self, name: str, media_type: str) -> AbstractContextManager[Path]:
        """A path to write to; kept, whole and with its checksum, when the block ends without an error."""

    def mail_server(self, chosen: str = "") -> AbstractContextManager[MailTarget]:
        """The chosen mail server, else the usual one, or the outbox where there is none."""

    def unsubscribe_links(self) -> Callable[[str], str]:
        """What makes of an address the link with which its owner unsubscribes."""

    def deliveries(self, target: Target) -> Iterator[Delivery]:
        """The deliveries still to go: first speed, connection and control, then marked “sending”, then yielded."""

    def settle(self, delivery: Delivery, reply: Reply) -> None:
        """What came of it; stored together with the mark of the next."""

    def ways(self) -> Sequence[str]:
        """The channels of its deliveries that are still to go."""

    def side_by_side(self, work: Callable[[str, "Ledger"], None], ways: Sequence[str]) -> None:
        """Calls `work` for each channel at the same time, with the deliveries of that channel alone."""

    def channel(self, channel_id: str) -> "Channel":
        """A place that the owner may send to; NotFound, in plain words, where there is none such any more."""

    def channels(self) -> "Sequence[Channel]":
        """The places that the owner may send to, without their addresses."""

    def colleagues(self) -> "Sequence[Person]":
        """Everybody who can sign in."""

    def place(self, name: str, number: int) -> "AbstractContextManager[Admission]":
        """One of so many places at a target, among all slots of this machine; given back when the block ends."""

    def tell(self, person_id: int, title: str, text: str, key: str, priority: str = "normal") -> bool:
        """Puts it into somebody's inbox, once for this key; False where that person is not there any more."""


class Admission(Protocol):
    """A place that may be had."""

    def take(self) -> bool:
        """False where there is none just now."""


class Ledger(Protocol):
    """The deliveries of one channel."""

    def deliveries(self, target: Target) -> Iterator[Delivery]: ...

    def settle(self, delivery: Delivery, reply: Reply) -> None: ...


@dataclass(frozen=True)
class Takes:
    """What a place takes at once: letters of a message and of a title (0: any number, and no title of its own)."""

    body: int = 0
    title: int = 0
    markdown: bool = True
    files: bool = True

    @property
    def is_sms(self) -> bool:
        return 0 < self.body <= 160


@dataclass(frozen=True)
class Channel:
    """A place that notifications go to; `url` is a secret that stands in no page, log line or error.

    `internal`: whether it may stand in the office's own network.
    """

    id: str
    name: str
    service: str
    url: str = field(repr=False, default="")
    internal: bool = False
    paused: bool = False
    takes: Takes = field(default_factory=Takes)


@dataclass(frozen=True)
class Kind:
    """One kind of task: all that the rest of the house needs to know of it.

    `run` returns the outcome in plain words, or None where its deliveries tell. `check` raises UserError or
    FormErrors for what a form model cannot know by itself. `total` is the number of deliveries, or None.
    `grace` is how long (s) a message in flight may take once somebody wants the task to end.
    """

    name: str
    title: str
    about: str
    verb: str
    icon: str
    form: type[Any]
    run: Callable[[Any, TaskContext], str | None]
    title_of: Callable[[Any], str]
    queue: Callable[[Any], str]
    title_at: Callable[[Any, Desk], str] | None = (
        None  # where the title needs more than the form, such as a file's name
    )
    check: Callable[[Any, Desk], None] | None = None
    expand: Callable[[Any, TaskContext], Iterable[NewDelivery]] | None = None
    total: Callable[[Any], int | None] = lambda form: None
    total_at: Callable[[Any, Desk], int | None] | None = None  # where it needs more than the form
    template: Sequence[str] = ()  # fields that are kept as a template under a name
    is_checked: Callable[[Any], bool] = lambda form: False  # whether a person looks it over before it is sent
    undoable: bool = False
    pausable: bool = False
    in_child: bool = False
    grace: float = 2.0
    on_home: bool = True


class Engine(Protocol):
    """When and where a task id runs; what became of it is the task table's business."""

    def submit(self, conn: "Connection", task_id: int, queue: str, priority: int, not_before: datetime | None) -> None:
        """Inside the transaction that made the task waiting."""

    def withdraw(self, conn: "Connection", task_id: int) -> None:
        """Inside the transaction that took it out of waiting."""

    def forget(self) -> None:
        """The transaction was rolled back: nobody is to be woken for it."""

    def after_commit(self, background: "BackgroundTasks | None") -> None:
        """Wakes whoever should look; called after the commit, with the request's BackgroundTasks where there is one."""

    def work(self, slot: "Slot", run: Callable[[int], None]) -> None:
        """A slot's loop: runs one task id after another until the slot is told to stop."""


class Slot(Protocol):
    """A place where one task runs at a time."""

    queues: Sequence[str]
    worker: str  # names the lock file that proves it alive

    @property
    def stopping(self) -> bool: ...

    def wait(self, seconds: float) -> bool:
        """Blocks until poked or told to stop (True), or until `seconds` have passed (False)."""

    def wake(self) -> None:
        """Ends a wait early; from any thread."""
