"""Tables under a name, lists of recipients and data of reports: each points to an upload that can be replaced."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from webapp.clock import now
from webapp.db import schema
from webapp.db.upsert import save_unique
from webapp.errors import NotFound
from webapp.files import uploads
from webapp.files.store import Store
from webapp.ports.people import Person
from webapp.ports.tables import Table

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
    """Returns those of a person, ordered by name."""
    mine = select(s).where(s.c.owner == person.id, s.c.purpose == purpose)
    rows = conn.execute(mine.order_by(s.c.name)).all()
    return [
        SavedTable(id=row.id, name=row.name, table=uploads.one(conn, store, row.upload, person.id), updated=row.updated)
        for row in rows
    ]


def one(conn: Connection, store: Store, person: Person, list_id: int, purpose: str = LIST) -> SavedTable:
    """Returns it; raises NotFound if it belongs to another person."""
    found = next((one for one in listing(conn, store, person, purpose) if one.id == list_id), None)
    if found is None:
        raise NotFound("This is not there any more.")
    return found


def add(conn: Connection, person: Person, name: str, upload_id: str, purpose: str = LIST) -> int:
    """Enters an upload under a name; returns the id. Raises UserError if the name is taken."""
    values = {"owner": person.id, "name": name, "upload": upload_id, "purpose": purpose, "updated": now()}
    return save_unique(conn, s, 0, values, unique=("owner", "name"), taken=TAKEN)


def updated(conn: Connection, person: Person, list_id: int) -> datetime | None:
    """Returns since when it holds what it holds now; None if it is gone or not this person's."""
    query = select(s.c.updated).where(s.c.id == list_id, s.c.owner == person.id)
    return conn.execute(query).scalar()


def replace(conn: Connection, list_id: int, upload_id: str) -> None:
    """Replaces the upload that the list holds."""
    conn.execute(update(s).where(s.c.id == list_id).values(upload=upload_id, updated=now()))


def remove(conn: Connection, list_id: int) -> None:
    """Removes the name; what was made of the list stays."""
    conn.execute(delete(s).where(s.c.id == list_id))
