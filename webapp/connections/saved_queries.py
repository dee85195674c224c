"""Saved queries: text that an admin wrote once, with named values that staff fill in; who may use which."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from webapp.clock import now
from webapp.db import schema
from webapp.db.upsert import save_unique
from webapp.errors import NotFound, UserError
from webapp.ports.names import read_name
from webapp.ports.people import Person
from webapp.ports.tables import Column, Parameter, SavedQuery
from webapp.ports.values import row_id

q, s = schema.query, schema.source
BEGIN = "q-"  # begins the id of a query in a form
GONE = "This saved query is not there any more."
TAKEN = "Another saved query has this name already."


@dataclass(frozen=True)
class SavedQueryRecord:
    """All of one query, as its admin sees it."""

    id: int
    source: int
    name: str
    text: str
    parameters: Sequence[Parameter]
    columns: Sequence[Column]
    everyone: bool
    people: Sequence[int]

    def may_use(self, person: Person) -> bool:
        return person.is_admin or self.everyone or person.id in self.people


def listing(conn: Connection) -> list[SavedQueryRecord]:
    """All of them, by name."""
    return [_stored(row) for row in conn.execute(select(q).order_by(q.c.name))]


def usable(conn: Connection, person: Person) -> list[SavedQuery]:
    """Those that this person may use."""
    return [saved(one) for one in listing(conn) if one.may_use(person)]


def one(conn: Connection, query_id: int) -> SavedQueryRecord:
    row = conn.execute(select(q).where(q.c.id == query_id)).first()
    if row is None:
        raise NotFound(GONE, "data")
    return _stored(row)


def of(conn: Connection, data_id: str, person: Person) -> SavedQueryRecord:
    """The query of a form's “q-3”; NotFound where it is gone or this person may not use it."""
    found = one(conn, row_id(data_id, BEGIN))
    if not found.may_use(person):
        raise NotFound(GONE, "data")
    return found


def saved(found: SavedQueryRecord) -> SavedQuery:
    return SavedQuery(f"{BEGIN}{found.id}", found.name, found.columns, found.parameters)


def save(conn: Connection, query: SavedQueryRecord) -> int:
    """Enters a new one (id 0) or changes one; UserError where its name is taken."""
    values = {
        "source": query.source,
        "name": read_name(query.name),
        "text": query.text,
        "parameters": [asdict(parameter) for parameter in query.parameters],
        "columns": [asdict(column) for column in query.columns],
        "everyone": query.everyone,
        "people": list(query.people),
        "updated": now(),
    }
    if conn.execute(select(s.c.id).where(s.c.id == query.source)).first() is None:
        raise UserError("Choose the database.", "source")
    return save_unique(conn, q, query.id, values, taken=TAKEN, gone=GONE)


def remove(conn: Connection, query_id: int) -> None:
    conn.execute(delete(q).where(q.c.id == query_id))


def _stored(row: Row[Any]) -> SavedQueryRecord:
    parameters = [Parameter(**{**one, "choices": tuple(one["choices"])}) for one in row.parameters]
    columns = [Column(**one) for one in row.columns]
    return SavedQueryRecord(row.id, row.source, row.name, row.text, parameters, columns, row.everyone, row.people)
