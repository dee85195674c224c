"""Saved queries: text that an admin wrote, with named values that staff fill in; who may use which."""

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
PREFIX = "q-"  # begins the id of a query in a form
GONE = "This saved query is not there any more."
TAKEN = "Another saved query has this name already."


@dataclass(frozen=True, kw_only=True)
class SavedQueryRecord:
    """One query as an admin sees it; `source` is the id of its database."""

    id: int = 0
    source: int
    name: str
    text: str
    parameters: Sequence[Parameter] = ()
    columns: Sequence[Column] = ()
    everyone: bool = False
    people: Sequence[int] = ()

    def may_use(self, person: Person) -> bool:
        return person.is_admin or self.everyone or person.id in self.people


def listing(conn: Connection) -> list[SavedQueryRecord]:
    """Returns all queries, by name."""
    return [_record(row) for row in conn.execute(select(q).order_by(q.c.name))]


def usable(conn: Connection, person: Person) -> list[SavedQuery]:
    """Returns the queries that this person may use, by name."""
    return [saved(record) for record in listing(conn) if record.may_use(person)]


def one(conn: Connection, query_id: int) -> SavedQueryRecord:
    """Returns one query; raises NotFound if it is gone."""
    row = conn.execute(select(q).where(q.c.id == query_id)).first()
    if row is None:
        raise NotFound(GONE, "data")
    return _record(row)


def of(conn: Connection, data_id: str, person: Person) -> SavedQueryRecord:
    """Returns the query of a form's “q-3”; raises NotFound if it is gone or not this person's to use."""
    record = one(conn, row_id(data_id, PREFIX))
    if not record.may_use(person):
        raise NotFound(GONE, "data")
    return record


def saved(record: SavedQueryRecord) -> SavedQuery:
    """Returns the query as those who use it see it, without its text."""
    return SavedQuery(id=f"{PREFIX}{record.id}", name=record.name, columns=record.columns, parameters=record.parameters)


def save(conn: Connection, query: SavedQueryRecord) -> int:
    """Adds a query (id 0) or changes one, and returns its id; raises UserError if its name is taken."""
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
    """Deletes a query; raises NotFound if it is gone."""
    if conn.execute(delete(q).where(q.c.id == query_id)).rowcount == 0:
        raise NotFound(GONE)


def _record(row: Row[Any]) -> SavedQueryRecord:
    parameters = [Parameter(**{**one, "choices": tuple(one["choices"])}) for one in row.parameters]
    columns = [Column(**one) for one in row.columns]
    return SavedQueryRecord(
        id=row.id,
        source=row.source,
        name=row.name,
        text=row.text,
        parameters=parameters,
        columns=columns,
        everyone=row.everyone,
        people=row.people,
    )
