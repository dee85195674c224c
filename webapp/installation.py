"""One process's view of an installation: database, engine, kinds, stores; used by the web, by slots and by commands."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import Connection

from webapp import crypto
from webapp.accounts import public_url
from webapp.connections.concurrency_limit import Permits
from webapp.connections.mail_routing import MailRouter
from webapp.connections.message_ids import MessageIds
from webapp.connections.query_runner import QueryRunner
from webapp.connections.task_connections import ConnectionPool, TaskConnections
from webapp.connections.unsubscribe_tokens import UnsubscribeTokens, former_keys
from webapp.db.connect import Database, current_version, open_database
from webapp.engine import choose
from webapp.errors import NotFound
from webapp.files.store import Store
from webapp.form_context import DbFormContext
from webapp.identity import data_dir, secret_key
from webapp.kinds import KINDS, NOTE_KIND
from webapp.mail.url import require_valid
from webapp.notify import logfile
from webapp.ports.engine import BackgroundRunner
from webapp.ports.kinds import Kind
from webapp.ports.people import Person
from webapp.settings import Settings


class Installation:
    """The resources of one process; most are created on first use."""

    def __init__(self, settings: Settings, database: Database, key: bytes) -> None:
        self.settings = settings
        self.data_dir = settings.data_dir
        self.run_dir = settings.data_dir / "run"
        self.run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.database = database
        self.store = Store(settings.data_dir / "files")
        self.engine = choose(settings, self.database, self.run_dir)
        self.version = 0
        self.key = key
        self.secrets = crypto.SecretBox(key)
        self.unsubscribe = UnsubscribeTokens(key, self._former_signing_keys)
        self.message_id = MessageIds(key).of
        self._permits = Permits(self.run_dir)

    @property
    def mail(self) -> MailRouter:
        """The mail servers, or the outbox."""
        return MailRouter(
            settings=self.settings,
            box=self.secrets,
            data_dir=self.data_dir,
            run_dir=self.run_dir,
            read=self.read,
        )

    @property
    def databases(self) -> QueryRunner:
        """The databases that an admin connected."""
        return QueryRunner(read=self.read, box=self.secrets)

    def read(self) -> AbstractContextManager[Connection]:
        """Opens a short read transaction."""
        return self.database.read()

    @contextmanager
    def write(self, background: BackgroundRunner | None = None) -> Iterator[Connection]:
        """Opens a short write transaction; at the end of the block it is on disk and the engine knows of its tasks."""
        try:
            with self.database.write(self._committed) as conn:
                yield conn
        except BaseException:
            self.engine.forget()
            raise
        self.engine.after_commit(background)

    def look_for_changes(self) -> int:
        """Reads and returns the version counter; `version` is the last value that this process has seen."""
        with self.read() as conn:
            self.version = max(self.version, current_version(conn))
        return self.version

    def find_kind(self, name: str) -> Kind | None:
        """Returns None for a kind that is not installed: its tasks may still be in the database."""
        return KINDS.get(name)

    def kind(self, name: str) -> Kind:
        """Returns the kind of that name; raises NotFound if it is not installed."""
        if (kind := self.find_kind(name)) is None:
            raise NotFound(f"There is no kind of task called “{name}”.")
        return kind

    @property
    def note_kind(self) -> Kind:
        """The kind that mails people how their tasks ended."""
        return NOTE_KIND

    def form_context(self, person: Person) -> DbFormContext:
        """Returns what a kind may read on this person's behalf."""
        return DbFormContext(
            person=person,
            settings=self.settings,
            read=self.read,
            store=self.store,
            mail=self.mail,
            databases=self.databases,
        )

    def connections(self, task_id: int, owner: Person, *, is_urgent: bool) -> TaskConnections:
        """Returns the connections of a running task."""
        pool = ConnectionPool(
            settings=self.settings,
            read=self.read,
            secrets=self.secrets,
            mail=self.mail,
            unsubscribe=self.unsubscribe,
            permits=self._permits,
        )
        return TaskConnections(pool, task_id, owner, is_urgent=is_urgent)

    @property
    def has_mail_server(self) -> bool:
        return self.mail.has_server

    @property
    def address(self) -> str:
        """The address that people open, without a / at its end."""
        with self.read() as conn:
            return public_url.of(conn, self.settings)

    @property
    def local_address(self) -> str:
        """The address if only this computer can open it; else empty."""
        here = self.address
        return here if public_url.is_local(here) else ""

    def log_error(self, line: str) -> None:
        """Appends a line to the log file of the article, log.txt."""
        logfile.append(self.data_dir, line)

    def close(self) -> None:
        self.database.close()

    def _former_signing_keys(self) -> Sequence[bytes]:
        with self.read() as conn:
            return former_keys(conn, self.secrets)

    def _committed(self, number: int | None) -> None:
        if number is not None:
            self.version = max(self.version, number)


def build(settings: Settings) -> Installation:
    """Returns the installation of these settings; makes its data directory, and the key of a new one.

    Raises UserError for a wrong setting, and for a key that is not whole or is missing beside a database in use.
    """
    require_valid(settings.smtp_url, settings.mail_from)
    data_dir.prepare(settings.data_dir)
    database = open_database(settings)
    return Installation(settings, database, secret_key.load_or_make(settings, database))
