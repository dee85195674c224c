"""Puts the house together from its settings: database, engine, kinds, stores; used by the web and by slots."""

import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from email.utils import parseaddr
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from webapp import crypto
from webapp.accounts import people
from webapp.accounts import public_url as address
from webapp.connections import channels, suppressions
from webapp.connections import saved_queries as queries
from webapp.connections.mail_routing import MailRoom
from webapp.connections.query_runner import Room
from webapp.connections.unsubscribe_tokens import Unsubscribe
from webapp.db.connect import Database, current_version
from webapp.engine import choose
from webapp.errors import NotFound
from webapp.files import queries as files
from webapp.files import saved_tables, uploads
from webapp.files.store import Store
from webapp.ingest import receive, receive_attachment
from webapp.kinds import KINDS
from webapp.mail.connection_limit import Places
from webapp.mail.open_target import require_sense
from webapp.notify import logfile
from webapp.notify.concurrency_limit import Turn, Turns
from webapp.ports import Attachment, Channel, Kind, MailTarget, Parameter, Person, SavedQuery, Table, Understood
from webapp.reports import task_log_source
from webapp.settings import Settings
from webapp.tasks.views import export as records

if TYPE_CHECKING:
    from fastapi import BackgroundTasks

ATTACHABLE = 10  # files that a form offers


class House:
    """One process's view of an installation."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.data_dir = settings.data_dir
        self.run_dir = settings.data_dir / "run"
        self.run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.database = Database(settings.database, settings.data_dir / "write.gate")
        self.store = Store(settings.data_dir / "files")
        self.engine = choose(settings, self.database, self.run_dir)
        self.version = 0
        self._secret = crypto.load(settings)
        self.seal = crypto.Seal(self._secret)
        self.unsubscribe = Unsubscribe(self._secret)
        self._turns = Turns()

    @property
    def keep_files_days(self) -> int:
        return self.settings.keep_files_days

    @property
    def retry_seconds(self) -> Sequence[int]:
        return self.settings.retry_seconds

    def read(self) -> AbstractContextManager[Connection]:
        """A short transaction that only looks."""
        return self.database.read()

    @contextmanager
    def write(self, background: "BackgroundTasks | None" = None) -> Iterator[Connection]:
        """A short transaction that is on disk, and whose engine has been told, when the block has ended."""
        try:
            with self.database.write(self._committed) as conn:
                yield conn
        except BaseException:
            self.engine.forget()
            raise
        self.engine.after_commit(background)

    def look_for_changes(self) -> int:
        """Reads the version counter; `version` is then what this process last knew of it."""
        with self.read() as conn:
            self.version = max(self.version, current_version(conn))
        return self.version

    def kind(self, name: str) -> Kind:
        """The kind of that name; NotFound where there is none."""
        if name not in KINDS:
            raise NotFound(f"There is no kind of task called “{name}”.")
        return KINDS[name]

    def title(self, kind: Kind, form: Any, person: Person) -> str:
        """What a task of this form is called."""
        return kind.title_at(form, self.desk(person)) if kind.title_at else kind.title_of(form)

    def total(self, kind: Kind, form: Any, person: Person) -> int | None:
        """How many deliveries a task of this form will have; None where its progress is counted otherwise."""
        return kind.total_at(form, self.desk(person)) if kind.total_at else kind.total(form)

    def desk(self, person: Person) -> "HouseDesk":
        """What a kind may look at on this person's behalf."""
        return HouseDesk(self, person)

    @property
    def databases(self) -> Room:
        """The databases of others."""
        return Room(self.read, self.seal)

    def ask(
        self, person: Person, query_id: str, values: Mapping[str, str], target: Path
    ) -> tuple[SavedQuery, Understood]:
        """All rows of a saved query as a typed copy; UserError in plain words."""
        with self.read() as conn:
            query = queries.saved(queries.of(conn, query_id, person))
        return query, self.databases.fetch(person, query_id, values, target, self.settings.report_rows + 1, apart=False)

    def records(
        self, person: Person, name: str, most: int | None = None
    ) -> tuple[Sequence[str], Iterator[Sequence[Any]]]:
        """The panel's own tasks or deliveries, as far as this person sees them."""
        return list(task_log_source.KINDS[name]), records.rows(self.read, person, name, most)

    def channel(self, person: Person, channel_id: str) -> Channel:
        """A place that this person may send to, with its address; NotFound otherwise."""
        with self.read() as conn:
            return channels.of(conn, self.seal, channel_id, person)

    @property
    def mail(self) -> MailRoom:
        """Which way mail goes."""
        return MailRoom(self.settings, self.seal, self.data_dir, self.run_dir, self.read)

    @property
    def has_mail_server(self) -> bool:
        return self.mail.has_server

    def mail_server(self, chosen: str = "", *, is_urgent: bool = False) -> AbstractContextManager[MailTarget]:
        """The chosen mail server, else the usual one, or the outbox."""
        return self.mail.open(chosen, is_urgent=is_urgent)

    def place(self, name: str, number: int) -> AbstractContextManager[Turn]:
        """One of so many places at a target, among all processes of this machine."""
        return self._turns.at(name, number, Places(self.run_dir, name, number, is_urgent=False))

    def owner(self, person_id: int) -> Person:
        """The owner of a task."""
        with self.read() as conn:
            return people.by_id(conn, self.settings, person_id)

    def table_of(self, person_id: int, upload_id: str) -> Table:
        """An upload of this person's; NotFound for everybody else's."""
        with self.read() as conn:
            return uploads.one(conn, self.store, upload_id, person_id)

    def receive_upload(self, person: Person, name: str, path: Path) -> Table:
        """Reads an uploaded file, in a child with limits, and keeps it; a UserError says what is wrong with it."""
        return receive(self, person, name, path)

    def receive_attachment(self, person: Person, name: str, path: Path) -> Attachment:
        """Keeps an uploaded file as it came; nothing of it is read."""
        return receive_attachment(self, person, name, path)

    def attachment_of(self, person: Person, file_id: str) -> Attachment:
        """An upload of this person's, or a file that they may have; NotFound for everybody else's."""
        with self.read() as conn:
            if file_id.startswith("u-"):
                return uploads.attachment(conn, self.store, file_id, person.id)
            return files.attachment(conn, self.store, file_id, person)

    def message_id(self, task_id: int, position: int, sender: str) -> str:
        """Always the same for the same delivery, so that a message that is sent again can be recognised (RFC 5322)."""
        proof = hmac.digest(self._secret, f"{task_id}.{position}".encode(), "sha256").hex()[:16]
        return f"<outtray.{task_id}.{position}.{proof}@{_domain(sender)}>"

    def unsubscribe_links(self, task_id: int) -> Callable[[str], str]:
        """What makes of an address the link with which its owner unsubscribes; for the messages of this task."""
        panel, token = self.address, self.unsubscribe.token
        return lambda to: f"{panel}/unsubscribe/{token(task_id, to)}"

    @property
    def address(self) -> str:
        """Where people open the panel, as the environment or the first admin said, without a / at its end."""
        with self.read() as conn:
            return address.known(conn, self.settings) or self.settings.address

    @property
    def local_address(self) -> str:
        """The same where only this computer can open it; else empty."""
        here = self.address
        return here if address.is_local(here) else ""

    def log_error(self, line: str) -> None:
        """A line of the article's log file."""
        logfile.append(self.data_dir, line)

    def close(self) -> None:
        self.database.close()

    def _committed(self, number: int | None) -> None:
        if number is not None:
            self.version = max(self.version, number)


@dataclass(frozen=True)
class HouseDesk:
    """ports.Desk on this house."""

    house: House
    person: Person

    def table(self, upload_id: str) -> Table:
        with self.house.read() as conn:
            return uploads.one(conn, self.house.store, upload_id, self.person.id)

    def tables(self) -> Sequence[Table]:
        with self.house.read() as conn:
            return uploads.newest(conn, self.house.store, self.person.id)

    def kept(self) -> Sequence[tuple[str, str, Table]]:
        with self.house.read() as conn:
            found = saved_tables.listing(conn, self.house.store, self.person, saved_tables.DATA)
        return [(f"{uploads.SAVED}{one.id}", one.name, one.table) for one in found]

    def channels(self) -> Sequence[Channel]:
        with self.house.read() as conn:
            return channels.usable(conn, self.person)

    def colleagues(self) -> Sequence[Person]:
        with self.house.read() as conn:
            members = people.listing(conn, self.house.settings)
        return [one.person for one in members if not one.is_disabled]

    def query(self, query_id: str) -> SavedQuery:
        with self.house.read() as conn:
            return queries.saved(queries.of(conn, query_id, self.person))

    def queries(self) -> Sequence[SavedQuery]:
        with self.house.read() as conn:
            return queries.usable(conn, self.person)

    def choices(self, parameter: Parameter) -> tuple[Sequence[str], str]:
        return self.house.databases.choices_or_none(parameter)

    def ask(self, query_id: str, values: Mapping[str, str], target: Path, most: int) -> Understood:
        return self.house.databases.fetch(self.person, query_id, values, target, most, apart=True)

    def judge(self, query_id: str, values: Mapping[str, str]) -> None:
        with self.house.read() as conn:
            query = queries.of(conn, query_id, self.person)
        self.house.databases.asked(self.person, query, values)

    def records(self, name: str, most: int) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        titles, rows = self.house.records(self.person, name, most)
        return titles, list(rows)

    def attachment(self, file_id: str) -> Attachment:
        return self.house.attachment_of(self.person, file_id)

    def attachable(self) -> Sequence[Attachment]:
        with self.house.read() as conn:
            found = files.newest(conn, self.person, ATTACHABLE)
        store = self.house.store
        return [Attachment(one.id, one.name, one.media_type, one.size, store.path(one.storage)) for one, _ in found]

    def senders(self) -> Sequence[tuple[str, str]]:
        return self.house.mail.choices()

    def unwanted(self, addresses: Sequence[str]) -> Sequence[str]:
        with self.house.read() as conn:
            return suppressions.which(conn, addresses)


@lru_cache(maxsize=16)  # a run asks for every message
def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2] or "outtray.invalid"


def build(settings: Settings) -> House:
    """The house of these settings; makes the data directory where there is none. UserError: a wrong setting."""
    require_sense(settings.smtp_url, settings.mail_from)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return House(settings)
