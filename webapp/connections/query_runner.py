"""Asks a saved query on behalf of one person: looks whether they may, binds their values, and fetches the rows."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from sqlalchemy import Connection

from webapp import clock
from webapp.clock import today
from webapp.connections import databases, saved_queries
from webapp.connections.query_values import typed
from webapp.connections.saved_queries import SavedQueryRecord
from webapp.crypto import SecretBox
from webapp.errors import FormErrors, UserError
from webapp.ports.people import Person
from webapp.ports.tables import Parameter, TableSchema
from webapp.reports.reading import sql

CHOICES_SECONDS = 60.0  # for which the choices that a query found are remembered
MOST_CHOICES = 500

_remembered: dict[int, tuple[float, list[str]]] = {}


class QueryRunner:
    """The databases of one installation."""

    def __init__(self, read: Callable[[], AbstractContextManager[Connection]], seal: SecretBox) -> None:
        self._read, self._seal = read, seal

    def fetch(
        self, person: Person, data_id: str, given: Mapping[str, str], target: Path, most: int | None, *, apart: bool
    ) -> TableSchema:
        """Writes the typed copy of what the query finds; UserError or FormErrors in plain words."""
        with self._read() as conn:
            query = saved_queries.of(conn, data_id, person)
        asked = self.asked(person, query, given, most)
        return sql.fetch_apart(asked, target) if apart else sql.fetch(asked, target)

    def asked(
        self, person: Person, query: SavedQueryRecord, given: Mapping[str, str], most: int | None = None
    ) -> sql.Asked:
        """The question with its values; FormErrors beside `values`."""
        values, wrong = typed(query.parameters, given, today(person.zone), self.choices)
        if wrong:
            raise FormErrors({"values": " ".join(wrong)})
        with self._read() as conn:
            url, seconds = databases.url_of(conn, self._seal, query.source)
        return sql.Asked(url, query.text, values, seconds, person.zone.key, most)

    def choices(self, parameter: Parameter) -> Sequence[str]:
        """The values that may be chosen: those that an admin wrote, or what another query finds."""
        if not parameter.query:
            return parameter.choices
        at = clock.monotonic()
        if (known := _remembered.get(parameter.query)) and at - known[0] < CHOICES_SECONDS:
            return known[1]
        with self._read() as conn:
            query = saved_queries.one(conn, parameter.query)
            url, seconds = databases.url_of(conn, self._seal, query.source)
        defaults = {one.name: one.default or None for one in query.parameters}
        found = sql.first_column_apart(sql.Asked(url, query.text, defaults, min(seconds, 10), most=MOST_CHOICES))
        _remembered[parameter.query] = (at, list(dict.fromkeys(found)))
        return _remembered[parameter.query][1]

    def choices_or_none(self, parameter: Parameter) -> tuple[Sequence[str], str]:
        """The same for a form: words in place of an error."""
        try:
            return self.choices(parameter), ""
        except UserError as error:
            return (), error.message
