"""Facts from earlier tasks: who got the same message recently, and the speed of earlier runs."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from webapp.clock import now
from webapp.db import preferences, schema
from webapp.ports.delivery_state import DeliveryState
from webapp.ports.people import Person

SAME_HOURS = 24
MAY_HAVE_ARRIVED = [state for state in DeliveryState if state.may_have_arrived]
ACCEPTED = [state for state in DeliveryState if state.was_accepted]
ENOUGH = 50  # messages; the speed of a smaller run says little
RUNS = 5
NEWEST = 200  # tasks whose forms are compared

t, d = schema.task, schema.delivery


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """Tasks that sent the same message, the mailboxes (keys) it reached, and the time of the last delivery."""

    tasks: Sequence[int] = ()
    keys: frozenset[str] = frozenset()
    at: datetime | None = None


def same(conn: Connection, person: Person, kind: str, content: Mapping[str, Any]) -> Earlier:
    """Returns this person's tasks of the last 24 h with the same content that reached any recipient."""
    since = now() - timedelta(hours=SAME_HOURS)
    query = select(t.c.id, t.c.form).where(t.c.owner == person.id, t.c.kind == kind, t.c.created > since)
    alike = [row.id for row in conn.execute(query) if _has_content(row.form, content)]
    reached = (d.c.task.in_(alike), d.c.state.in_(MAY_HAVE_ARRIVED))
    keys = keys_of(conn, person.id, alike)
    if not keys:
        return Earlier()
    tasks = conn.execute(select(d.c.task).where(*reached).distinct().order_by(d.c.task)).scalars().all()
    last = conn.execute(select(func.max(d.c.updated)).where(*reached)).scalar()
    return Earlier(tasks=tasks, keys=keys, at=last)


def last_with(conn: Connection, person: Person, kind: str, field: str, values: Container[str]) -> datetime | None:
    """Returns when this person last started a task of this kind whose form has one of `values` in `field`."""
    query = select(t.c.form, t.c.created).where(t.c.owner == person.id, t.c.kind == kind)
    newest = conn.execute(query.order_by(t.c.id.desc()).limit(NEWEST))
    return next((row.created for row in newest if row.form.get(field) in values), None)


def _has_content(form: Mapping[str, Any], content: Mapping[str, Any]) -> bool:
    """Returns True if a stored form has these values; a field that its version did not have counts as empty."""
    return all((form.get(name) or None) == (value or None) for name, value in content.items())


def keys_of(conn: Connection, owner: int, tasks: Sequence[int]) -> frozenset[str]:
    """Returns the mailboxes (keys) that these tasks of one owner reached, or may have reached."""
    if not tasks:
        return frozenset()
    query = select(d.c.key).join(t, t.c.id == d.c.task).where(t.c.owner == owner, d.c.task.in_(tasks))
    return frozenset(conn.execute(query.where(d.c.state.in_(MAY_HAVE_ARRIVED), d.c.key != "")).scalars())


def pace(conn: Connection, name: str) -> float | None:
    """Returns the seconds per unit of work of this name in earlier tasks; None if there were none."""
    seconds = preferences.get(conn, preferences.EVERYBODY, f"pace:{name}")
    return seconds if isinstance(seconds, float) else None


def keep_pace(conn: Connection, name: str, seconds: float) -> None:
    """Stores the seconds per unit of one more task in a moving average."""
    before = pace(conn, name)
    average = seconds if before is None else 0.7 * before + 0.3 * seconds
    preferences.put(conn, preferences.EVERYBODY, f"pace:{name}", average)


def speed(conn: Connection, target: str) -> float | None:
    """Returns the messages per second of the last runs through this mail server; None if there were too few."""
    ended = (t.c.target == target, t.c.queue == "mail", t.c.started.is_not(None), t.c.finished.is_not(None))
    query = select(t.c.id, t.c.started, t.c.finished).where(*ended).order_by(t.c.id.desc()).limit(RUNS)
    rows = conn.execute(query).all()
    sent = select(func.count()).where(d.c.task.in_([row.id for row in rows]), d.c.state.in_(ACCEPTED))
    number = conn.execute(sent).scalar_one() if rows else 0
    seconds = sum((row.finished - row.started).total_seconds() for row in rows)
    return number / max(seconds, 0.1) if number >= ENOUGH else None
