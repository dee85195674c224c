"""A running task, as its kind sees it. Any call may raise StopRun to end the run (cancel, pause, stop): let it pass."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from webapp.ports.channels import Channel
from webapp.ports.deliveries import Delivery, LineTarget, MailTarget, Reply, Target
from webapp.ports.delivery_state import SkipReason
from webapp.ports.files import Attachment
from webapp.ports.people import Person
from webapp.ports.tables import SavedQuery, Table, TableSchema

T = TypeVar("T")


class Permit(Protocol):
    """The right to use a target that takes only a limited number of users at once."""

    def take(self) -> bool:
        """Waits a moment for it; False if all permits are taken."""


class TaskFiles(Protocol):
    """The files of a running task: those it reads and those it makes."""

    def attachment(self, file_id: str) -> Attachment:
        """Returns an upload or a file of the owner's; raises TaskError if it is gone."""

    def made(self) -> Sequence[Attachment]:
        """Returns the files that an earlier attempt of this task made and that still exist."""

    def scratch(self) -> AbstractContextManager[Path]:
        """A path for a temporary file, removed when the block ends."""

    def new(self, name: str, media_type: str) -> AbstractContextManager[Path]:
        """Yields a path to write to; stored with its checksum when the block ends without an error."""

    def keep_preview(self, name: str, data: Mapping[str, Any]) -> None:
        """Stores the first rows of a file that it made, as reports.preview.Preview has them."""

    def keep_chart(self, chart: Mapping[str, Any]) -> None:
        """Stores a chart for the task's page, as reports.writing.charts.Chart.as_json returns it."""


class TaskData(Protocol):
    """The tables that a running task reads, with the rights of its owner."""

    max_rows: int  # of a report

    def table(self, upload_id: str) -> Table:
        """Returns an upload of the owner's; raises TaskError if it is gone."""

    def query(self, query_id: str, values: Mapping[str, str], target: Path) -> tuple[SavedQuery, TableSchema]:
        """Writes all rows of a saved query as a typed copy; raises TaskError with a message for people."""

    def records(self, name: str) -> tuple[Sequence[str], Iterator[Sequence[Any]]]:
        """Returns the titles and rows of the panel's own tasks or deliveries that the owner may see."""

    def pace(self, name: str) -> float | None:
        """Returns the seconds per unit of work `name` in earlier tasks, or None if there were none."""

    def keep_pace(self, name: str, seconds: float) -> None:
        """Stores the seconds per unit that this task took."""


class TaskPeople(Protocol):
    """The people whom a running task may reach."""

    def colleagues(self) -> Sequence[Person]:
        """Returns all people who can sign in."""

    def notify(self, person_id: int, title: str, text: str, key: str, priority: str = "normal") -> bool:
        """Adds a notice to a person's inbox, once per key; returns False if that person is gone."""


class TaskConnections(Protocol):
    """What an admin has connected, as far as the task's owner may use it."""

    def mail_server(self, chosen: str = "") -> AbstractContextManager[MailTarget]:
        """Opens the chosen mail server, else the default one, or the outbox if there is none."""

    def log_file(self) -> LineTarget:
        """Returns the target that appends to the log file of the article, log.txt."""

    def panel_address(self) -> str:
        """Returns the address of the panel, without a / at its end."""

    def unsubscribe_links(self) -> Callable[[str], str]:
        """Returns a function from an address to its unsubscribe link."""

    def channel(self, channel_id: str) -> Channel:
        """Returns a channel with its secret URL; raises NotFound if it is gone or not the owner's to use."""

    def channels(self) -> Sequence[Channel]:
        """Returns the channels that the owner may use, without their URLs."""

    def permit(self, name: str, number: int) -> AbstractContextManager[Permit]:
        """Yields one of `number` permits for a target, shared by all slots; given back when the block ends."""


class Ledger(Protocol):
    """The deliveries of one channel of a task."""

    def deliveries(self, target: Target) -> Iterator[Delivery]:
        """Yields the waiting deliveries, each marked “sending” after rate limit, permits and cancel were checked."""

    def prepared(self, target: Target, prepare: Callable[[Delivery], T]) -> Iterator[tuple[Delivery, T]]:
        """Yields deliveries as `deliveries` does, each with what `prepare` makes of it before it is marked.

        A delivery that cannot be prepared is failed with its reason: nothing of it was handed over.
        """

    def settle(self, delivery: Delivery, reply: Reply) -> None:
        """Records the reply; committed together with the mark of the next delivery."""


class TaskLedger(Ledger, Protocol):
    """All deliveries of a task."""

    def channels(self) -> Sequence[str]:
        """Returns the channels that still have waiting deliveries."""

    def each_channel(self, work: Callable[[str, Ledger], None], channels: Sequence[str]) -> None:
        """Calls `work` for each channel in parallel, with a ledger of that channel's deliveries."""

    def skip(self, message: str, reason: SkipReason) -> None:
        """Marks every waiting delivery as skipped; `message` is what people see."""

    def reached_by(self, tasks: Sequence[int]) -> frozenset[str]:
        """Returns the mailboxes (NewDelivery.key) that these tasks of the owner's reached, or may have."""


class TaskContext(Protocol):
    """A running task: its owner, its log and progress, and what it may use."""

    id: int
    owner: Person
    done: int  # progress of an earlier attempt

    @property
    def files(self) -> TaskFiles: ...

    @property
    def data(self) -> TaskData: ...

    @property
    def people(self) -> TaskPeople: ...

    @property
    def connections(self) -> TaskConnections: ...

    @property
    def ledger(self) -> TaskLedger: ...

    def log(self, message: str) -> None:
        """Adds a line to the task's log, which all people who may see the task can read."""

    def progress(self, done: int, total: int | None = None, message: str = "") -> None:
        """Publishes the progress, at most four times a second. The run may be ended here."""

    def sleep(self, seconds: float) -> None:
        """Waits at most 5 s; ended at once by a request to cancel, pause or stop."""
