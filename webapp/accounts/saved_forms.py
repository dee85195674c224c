"""What a person keeps of a form under a name: templates of messages, and shortcuts to whole forms."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from webapp.clock import now
from webapp.db import schema
from webapp.errors import NotFound, UserError
from webapp.ports.kinds import Kind
from webapp.ports.people import Person

LONGEST_NAME = 100
TEMPLATE, SHORTCUT = "template", "shortcut"
k = schema.kept


@dataclass(frozen=True)
class SavedForm:
    """One of them; `form` holds the fields that were kept."""

    id: int
    name: str
    form: Mapping[str, Any]


def listing(conn: Connection, person: Person, kind: Kind, purpose: str = TEMPLATE) -> list[SavedForm]:
    """A person's own, in the order of their names."""
    mine = (k.c.owner == person.id, k.c.purpose == purpose, k.c.kind == kind.name)
    query = select(k.c.id, k.c.name, k.c.form).where(*mine).order_by(k.c.name)
    return [SavedForm(**row._mapping) for row in conn.execute(query)]


def shortcuts(conn: Connection, person: Person) -> list[tuple[str, SavedForm]]:
    """Those of a person with the kinds that they are of, by name."""
    mine = (k.c.owner == person.id, k.c.purpose == SHORTCUT)
    query = select(k.c.kind, k.c.id, k.c.name, k.c.form).where(*mine).order_by(k.c.name)
    return [(row.kind, SavedForm(row.id, row.name, row.form)) for row in conn.execute(query)]


def one(conn: Connection, person: Person, kind: Kind, kept_id: str, purpose: str = TEMPLATE) -> SavedForm:
    """NotFound for everybody else's."""
    found = next((kept for kept in listing(conn, person, kind, purpose) if str(kept.id) == kept_id), None)
    if found is None:
        raise NotFound(f"This {purpose} is not there any more.")
    return found


def keep(conn: Connection, person: Person, kind: Kind, name: str, form: Mapping[str, Any], purpose: str) -> str:
    """Keeps it under this name, in place of what had it; returns the name. UserError: no name that can be kept."""
    called = " ".join(name.split())
    if not called or len(called) > LONGEST_NAME or not called.isprintable():
        raise UserError(f"Give it a name of at most {LONGEST_NAME} characters.")
    if "\\x00" in str(form):
        raise UserError("The text holds a character that cannot be stored. Type it again.")
    dialect = sqlite if conn.dialect.name == "sqlite" else postgresql
    values = {"form": dict(form), "updated": now()}
    new = dialect.insert(k).values(owner=person.id, purpose=purpose, kind=kind.name, name=called, **values)
    conn.execute(new.on_conflict_do_update(index_elements=[k.c.owner, k.c.purpose, k.c.kind, k.c.name], set_=values))
    return called


def drop(conn: Connection, person: Person, kept_id: int) -> None:
    conn.execute(delete(k).where(k.c.id == kept_id, k.c.owner == person.id))
