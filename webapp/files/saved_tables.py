"""Tables under a name, lists of recipients and data of reports: each points to an upload that can be replaced."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from webapp.clock import now
from webapp.db import schema
from webapp.errors import NotFound, UserError
from webapp.files import uploads
from webapp.files.store import Store
from webapp.ports.people import Person
from webapp.ports.tables import Table

LONGEST_NAME = 100
TAKEN = "There is one of this name already. Choose another name, or update that one."
LIST, DATA = "list", "data"
s = schema.saved_list


@dataclass(frozen=True, kw_only=True)
class SavedTable:
    """One list; `table` is what it holds today."""

    id: int
    name: str
    table: Table
    updated: datetime


def listing(conn: Connection, store: Store, person: Person, purpose: str = LIST) -> list[SavedTable]:
    """A person's own, in the order of their names."""
    mine = select(s).where(s.c.owner == person.id, s.c.purpose == purpose)
    rows = conn.execute(mine.order_by(s.c.name)).all()
    return [
        SavedTable(id=row.id, name=row.name, table=uploads.one(conn, store, row.upload, person.id), updated=row.updated)
        for row in rows
    ]


def one(conn: Connection, store: Store, person: Person, list_id: int, purpose: str = LIST) -> SavedTable:
    """NotFound for everybody else's."""
    found = next((one for one in listing(conn, store, person, purpose) if one.id == list_id), None)
    if found is None:
        raise NotFound("This is not there any more.")
    return found


def read_name(text: str) -> str:
    """UserError where it is none."""
    name = " ".join(text.split())
    if not name:
        raise UserError("Give it a name.", field="name")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise UserError(f"The name has more than {LONGEST_NAME} characters.", field="name")
    return name


def add(conn: Connection, person: Person, name: str, upload_id: str, purpose: str = LIST) -> int:
    """The id of a new one; UserError where the name is taken."""
    taken = select(s.c.id).where(s.c.owner == person.id, s.c.name == name)
    if conn.execute(taken).first():
        raise UserError(TAKEN, field="name")
    new = insert(s).values(owner=person.id, name=name, upload=upload_id, purpose=purpose, updated=now())
    try:
        list_id: int = conn.execute(new.returning(s.c.id)).scalar_one()
    except IntegrityError:  # somebody was quicker
        raise UserError(TAKEN, field="name") from None
    return list_id


def updated(conn: Connection, person: Person, list_id: int) -> datetime | None:
    """Returns since when it holds what it holds now; None if it is gone or not this person's."""
    query = select(s.c.updated).where(s.c.id == list_id, s.c.owner == person.id)
    return conn.execute(query).scalar()


def replace(conn: Connection, list_id: int, upload_id: str) -> None:
    """The list holds another upload from now on."""
    conn.execute(update(s).where(s.c.id == list_id).values(upload=upload_id, updated=now()))


def remove(conn: Connection, list_id: int) -> None:
    """Only the name goes; what was made of it stays."""
    conn.execute(delete(s).where(s.c.id == list_id))
