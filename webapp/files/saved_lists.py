"""Lists of recipients under a name: each points to an upload, and an import puts another in its place."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from webapp.db import schema
from webapp.db.types import now
from webapp.errors import NotFound, UserError
from webapp.files import uploads
from webapp.files.store import Store
from webapp.ports import Person, Table

LONGEST_NAME = 100
TAKEN = "There is a list of this name already. Choose another name, or update that list."
s = schema.saved_list


@dataclass(frozen=True)
class SavedList:
    """One list; `table` is what it holds today."""

    id: int
    name: str
    table: Table
    updated: datetime


def listing(conn: Connection, store: Store, person: Person) -> list[SavedList]:
    """A person's own, in the order of their names."""
    rows = conn.execute(select(s).where(s.c.owner == person.id).order_by(s.c.name)).all()
    return [SavedList(row.id, row.name, uploads.one(conn, store, row.upload, person.id), row.updated) for row in rows]


def one(conn: Connection, store: Store, person: Person, list_id: int) -> SavedList:
    """NotFound for everybody else's."""
    found = next((one for one in listing(conn, store, person) if one.id == list_id), None)
    if found is None:
        raise NotFound("This list is not there any more.")
    return found


def read_name(text: str) -> str:
    """UserError where it is none."""
    name = " ".join(text.split())
    if not name:
        raise UserError("Give the list a name.", field="name")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise UserError(f"The name has more than {LONGEST_NAME} characters.", field="name")
    return name


def add(conn: Connection, person: Person, name: str, upload_id: str) -> int:
    """The id of a new list; UserError where the name is taken."""
    taken = select(s.c.id).where(s.c.owner == person.id, s.c.name == name)
    if conn.execute(taken).first():
        raise UserError(TAKEN, field="name")
    new = insert(s).values(owner=person.id, name=name, upload=upload_id, updated=now()).returning(s.c.id)
    try:
        list_id: int = conn.execute(new).scalar_one()
    except IntegrityError:  # somebody was quicker
        raise UserError(TAKEN, field="name") from None
    return list_id


def replace(conn: Connection, list_id: int, upload_id: str) -> None:
    """The list holds another upload from now on."""
    conn.execute(update(s).where(s.c.id == list_id).values(upload=upload_id, updated=now()))


def remove(conn: Connection, list_id: int) -> None:
    """Only the name goes; what was sent to the list still shows to whom."""
    conn.execute(delete(s).where(s.c.id == list_id))
