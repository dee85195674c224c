"""Forms that were filled in and wait for a review before they start: kept until they are sent, or for 30 days."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from webapp.clock import now
from webapp.db import preferences, time_check
from webapp.ports.kinds import Kind
from webapp.ports.people import Person

DAYS = 30
PREFIX = "draft:"


def keep(conn: Connection, person: Person, kind: Kind, key: str, form: Any) -> None:
    """Stores the form under the key of its page; replaces what was stored there."""
    _remove_old(conn, person)
    value = {"kind": kind.name, "form": form.model_dump(mode="json"), "kept": now().isoformat()}
    preferences.put(conn, person.id, _name(key), value)


def find(conn: Connection, person: Person, kind: Kind, key: str) -> dict[str, Any] | None:
    """Returns the form's values, or None if it was sent or never stored."""
    draft = preferences.get(conn, person.id, _name(key)) if key else None
    return draft["form"] if draft and draft["kind"] == kind.name else None


def drop(conn: Connection, person: Person, key: str) -> None:
    """Deletes the draft once its task has started."""
    preferences.remove(conn, person.id, _name(key))


def _name(key: str) -> str:
    return PREFIX + key


def _remove_old(conn: Connection, person: Person) -> None:
    """Deletes drafts older than DAYS, unless the clock may be wrong; runs only when another one is stored."""
    if not time_check.look(conn).is_believed:
        return
    oldest = now() - timedelta(days=DAYS)
    for name, draft in preferences.listing(conn, person.id, PREFIX).items():
        if datetime.fromisoformat(draft["kept"]) < oldest:
            preferences.remove(conn, person.id, name)
