"""What a person keeps of a form under a name: templates of messages, and shortcuts to whole forms."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, select

from webapp.clock import now
from webapp.db import schema
from webapp.db.upsert import upsert
from webapp.errors import NotFound, UserError
from webapp.ports.kinds import Kind
from webapp.ports.names import read_name
from webapp.ports.people import Person
from webapp.ports.values import require_storable

TEMPLATE, SHORTCUT = "template", "shortcut"
k = schema.kept


@dataclass(frozen=True)
class SavedForm:
    """One of them; `form` holds the fields that were kept."""

    id: int
    name: str
    form: Mapping[str, Any]


def listing(conn: Connection, person: Person, kind: Kind, purpose: str = TEMPLATE) -> list[SavedForm]:
    """Returns those of a person, ordered by name."""
    mine = (k.c.owner == person.id, k.c.purpose == purpose, k.c.kind == kind.name)
    query = select(k.c.id, k.c.name, k.c.form).where(*mine).order_by(k.c.name)
    return [SavedForm(**row._mapping) for row in conn.execute(query)]


def shortcuts(conn: Connection, person: Person) -> list[tuple[str, SavedForm]]:
    """Returns the shortcuts of a person with the names of their kinds, by name."""
    mine = (k.c.owner == person.id, k.c.purpose == SHORTCUT)
    query = select(k.c.kind, k.c.id, k.c.name, k.c.form).where(*mine).order_by(k.c.name)
    return [(row.kind, SavedForm(row.id, row.name, row.form)) for row in conn.execute(query)]


def one(conn: Connection, person: Person, kind: Kind, kept_id: str, purpose: str = TEMPLATE) -> SavedForm:
    """Returns it; raises NotFound if it belongs to another person."""
    found = next((kept for kept in listing(conn, person, kind, purpose) if str(kept.id) == kept_id), None)
    if found is None:
        raise NotFound(f"This {purpose} is not there any more.")
    return found


def keep(conn: Connection, person: Person, kind: Kind, name: str, form: Mapping[str, Any], purpose: str) -> str:
    """Stores the form under this name, in place of what had it; returns the name. Raises UserError if it cannot."""
    called = read_name(name)
    try:
        require_storable(form)  # as it was typed: nothing has judged it yet
    except ValueError as error:
        raise UserError(str(error)) from None
    keys = {"owner": person.id, "purpose": purpose, "kind": kind.name, "name": called}
    upsert(conn, k, keys, {"form": dict(form), "updated": now()})
    return called


def drop(conn: Connection, person: Person, kept_id: int) -> str:
    """Removes one of a person's own; returns its name, empty if it was gone already."""
    gone = delete(k).where(k.c.id == kept_id, k.c.owner == person.id).returning(k.c.name)
    return conn.execute(gone).scalar() or ""
