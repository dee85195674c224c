"""What one person may see while a form is checked or rendered."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from webapp.accounts import people
from webapp.connections import channels, saved_queries, suppressions
from webapp.connections.mail_routing import MailRouter
from webapp.connections.query_runner import QueryRunner
from webapp.errors import UserError
from webapp.files import queries as files
from webapp.files import saved_tables, uploads
from webapp.files.store import Store
from webapp.ports.channels import Channel
from webapp.ports.files import Attachment
from webapp.ports.people import Person
from webapp.ports.tables import Parameter, SavedQuery, Table, TableSchema
from webapp.reports import task_log_source
from webapp.reports.reading import sql
from webapp.settings import Settings
from webapp.tasks.views import export

MOST_ATTACHABLE = 10  # files that a form offers


@dataclass(frozen=True, kw_only=True)
class DbFormContext:
    """ports.FormContext for one person, over the database."""

    person: Person
    settings: Settings
    read: Callable[[], AbstractContextManager[Connection]]
    store: Store
    mail: MailRouter
    databases: QueryRunner

    def table(self, upload_id: str) -> Table:
        with self.read() as conn:
            return uploads.one(conn, self.store, upload_id, self.person.id)

    def tables(self) -> Sequence[Table]:
        with self.read() as conn:
            return uploads.newest(conn, self.store, self.person.id)

    def saved_data(self) -> Sequence[tuple[str, str, Table]]:
        with self.read() as conn:
            rows = saved_tables.listing(conn, self.store, self.person, saved_tables.DATA)
        return [(f"{uploads.SAVED}{one.id}", one.name, one.table) for one in rows]

    def channels(self) -> Sequence[Channel]:
        with self.read() as conn:
            return channels.usable(conn, self.person)

    def colleagues(self) -> Sequence[Person]:
        with self.read() as conn:
            members = people.listing(conn, self.settings)
        return [one.person for one in members if not one.is_disabled]

    def query(self, query_id: str) -> SavedQuery:
        with self.read() as conn:
            return saved_queries.saved(saved_queries.of(conn, query_id, self.person))

    def queries(self) -> Sequence[SavedQuery]:
        with self.read() as conn:
            return saved_queries.usable(conn, self.person)

    def choices(self, parameter: Parameter) -> tuple[Sequence[str], str]:
        try:
            return self.databases.choices(parameter), ""
        except UserError as error:
            return (), error.message

    def fetch_query(
        self, query_id: str, values: Mapping[str, str], target: Path, most: int, *, apart: bool = True
    ) -> TableSchema:
        query = self._bound(query_id, values, most)
        return sql.fetch_apart(query, target) if apart else sql.fetch(query, target)

    def check_query_values(self, query_id: str, values: Mapping[str, str]) -> None:
        self._bound(query_id, values)

    def _bound(self, query_id: str, values: Mapping[str, str], most: int | None = None) -> sql.BoundQuery:
        with self.read() as conn:
            query = saved_queries.of(conn, query_id, self.person)
        return self.databases.bind(self.person, query, values, most)

    def records(self, name: str, most: int | None = None) -> tuple[Sequence[str], Iterator[Sequence[Any]]]:
        return list(task_log_source.KINDS[name]), export.rows(self.read, self.person, name, most)

    def attachment(self, file_id: str) -> Attachment:
        with self.read() as conn:
            if file_id.startswith("u-"):
                return uploads.attachment(conn, self.store, file_id, self.person.id)
            return files.attachment(conn, self.store, file_id, self.person)

    def attachable(self) -> Sequence[Attachment]:
        with self.read() as conn:
            rows = files.newest(conn, self.person, MOST_ATTACHABLE)
        path = self.store.path
        return [Attachment(one.id, one.name, one.media_type, one.size, path(one.storage)) for one, _ in rows]

    def senders(self) -> Sequence[tuple[str, str]]:
        return self.mail.choices()

    def suppressed(self, addresses: Sequence[str]) -> Sequence[str]:
        with self.read() as conn:
            return suppressions.which(conn, addresses)
