"""Binds the values of a saved query on behalf of one person, and finds the choices of its parameters."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sqlalchemy import Connection

from webapp import clock
from webapp.clock import today
from webapp.connections import databases, saved_queries
from webapp.connections.query_values import typed
from webapp.connections.saved_queries import SavedQueryRecord
from webapp.crypto import SecretBox
from webapp.errors import FormErrors
from webapp.ports.people import Person
from webapp.ports.tables import Parameter
from webapp.reports.reading import sql
from webapp.reports.reading.sql import BoundQuery

CHOICES_SECONDS = 60.0  # for which the choices that a query found are remembered
MOST_CHOICES = 500
MOST_SECONDS = 10  # that a query for choices may take: a form waits for it

_remembered: dict[int, tuple[float, list[str]]] = {}


@dataclass(frozen=True, kw_only=True)
class QueryRunner:
    """The databases of one installation."""

    read: Callable[[], AbstractContextManager[Connection]]
    box: SecretBox

    def bind(
        self, person: Person, query: SavedQueryRecord, given: Mapping[str, str], most: int | None = None
    ) -> BoundQuery:
        """Returns the query with its values, for at most `most` rows; raises FormErrors beside `values`."""
        values, wrong = typed(query.parameters, given, today(person.zone), self.choices)
        if wrong:
            raise FormErrors({"values": " ".join(wrong)})
        with self.read() as conn:
            url, seconds = databases.url_of(conn, self.box, query.source)
        return BoundQuery(url=url, text=query.text, values=values, seconds=seconds, zone=person.zone.key, most=most)

    def choices(self, parameter: Parameter) -> Sequence[str]:
        """Returns the values to choose from: those that an admin wrote, or what another query finds."""
        if not parameter.query:
            return parameter.choices
        at = clock.monotonic()
        if (known := _remembered.get(parameter.query)) and at - known[0] < CHOICES_SECONDS:
            return known[1]
        values = sql.first_column_apart(self._bind_choices(parameter.query))
        _remembered[parameter.query] = (at, list(dict.fromkeys(values)))
        return _remembered[parameter.query][1]

    def _bind_choices(self, query_id: int) -> BoundQuery:
        with self.read() as conn:
            query = saved_queries.one(conn, query_id)
            url, seconds = databases.url_of(conn, self.box, query.source)
        defaults = {one.name: one.default or None for one in query.parameters}
        return BoundQuery(
            url=url, text=query.text, values=defaults, seconds=min(seconds, MOST_SECONDS), most=MOST_CHOICES
        )
