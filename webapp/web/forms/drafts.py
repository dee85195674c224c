"""Forms that were filled in and wait for another look before they start: kept until they are sent, or for 30 days."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select

from webapp.clock import now
from webapp.db import schema, time_check
from webapp.db.preferences import forget, recall, remember
from webapp.ports.kinds import Kind
from webapp.ports.people import Person

DAYS = 30
BEGIN = "draft:"
m = schema.memory


def keep(conn: Connection, person: Person, kind: Kind, key: str, form: Any) -> None:
    """Keeps the form under the key of its page, in place of what was kept there."""
    _forget_old(conn, person)
    value = {"kind": kind.name, "form": form.model_dump(mode="json"), "kept": now().isoformat()}
    remember(conn, person.id, _name(key), value)


def find(conn: Connection, person: Person, kind: Kind, key: str) -> dict[str, Any] | None:
    """The form's values; None where it was sent, or never kept."""
    found = recall(conn, person.id, _name(key)) if key else None
    return found["form"] if found and found["kind"] == kind.name else None


def drop(conn: Connection, person: Person, key: str) -> None:
    """It was sent."""
    forget(conn, person.id, _name(key))


def _name(key: str) -> str:
    return BEGIN + key


def _forget_old(conn: Connection, person: Person) -> None:
    """Deletes forms that nobody came back to, unless the clock may be wrong; called only when another is kept."""
    if not time_check.look(conn).is_believed:
        return
    query = select(m.c.key, m.c.value).where(m.c.person == person.id, m.c.key.startswith(BEGIN, autoescape=True))
    oldest = now() - timedelta(days=DAYS)
    old = [key for key, value in conn.execute(query) if datetime.fromisoformat(value["kept"]) < oldest]
    conn.execute(delete(m).where(m.c.person == person.id, m.c.key.in_(old)))
