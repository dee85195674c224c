"""People's inboxes in the panel: what they are told, what they have read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from webapp.clock import now
from webapp.db import schema
from webapp.db.connect import mark_changed
from webapp.db.preferences import recall, remember
from webapp.db.upsert import insert_missing
from webapp.ports.people import Person
from webapp.tasks.model import State

WHICH, WAYS = "notices", "notice-ways"  # keys in db/preferences.py
CHOICES = {"all": "Every one", "failed": "Those that failed or need attention", "none": "None"}
WAY_CHOICES = {"inbox": "In the inbox", "desktop": "On the desktop, while a page is open", "mail": "By email"}
USUAL_WAYS = ("inbox", "desktop")
NEWEST = 3  # notices that a page shows on the desktop at once
RECENT = timedelta(minutes=10)  # older ones are none for the desktop
i, p, t = schema.inbox, schema.person, schema.task


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One notification in a person's inbox; `task`: what it is about, `is_own`: a task of theirs."""

    id: int
    title: str
    text: str
    priority: str
    task: int | None
    is_own: bool
    created: datetime
    read: datetime | None

    @property
    def path(self) -> str:
        """Where a click on it leads."""
        return f"/tasks/{self.task}" if self.is_own and self.task else f"/inbox#notice-{self.id}"


@dataclass(frozen=True, kw_only=True)
class Bell:
    """What the bell tells: how many are unread, how many of one's own tasks run, what is new for the desktop."""

    unread: int = 0
    running: int = 0
    newest: Sequence[Notice] = ()

    @property
    def news(self) -> list[dict[str, object]]:
        """For the page's script, the oldest first."""
        found = reversed(self.newest)
        return [{"id": one.id, "title": one.title, "text": one.text[:300], "path": one.path} for one in found]


@dataclass(frozen=True)
class NotificationPreferences:
    """Notification preferences: which of their tasks (CHOICES), by which channel (WAY_CHOICES)."""

    which: str = "failed"
    ways: Sequence[str] = USUAL_WAYS

    def wants(self, state: State) -> bool:
        is_bad = state in (State.FAILED, State.ATTENTION)
        return state is not State.CANCELLED and (self.which == "all" or (self.which == "failed" and is_bad))


def notify(
    conn: Connection, person: int, title: str, text: str, *, key: str, task: int | None = None,
    priority: str = "normal", is_own: bool = False, is_read: bool = False, desktop: bool = True,
) -> bool:  # fmt: skip
    """Adds a notice to an inbox, once per key; returns False if the person is gone. `is_own`: about their own task."""
    moment = now()
    there = select(p.c.id).where(p.c.id == person, p.c.disabled.is_(None))
    if conn.execute(there).first() is None:
        return False
    values = {
        "person": person, "key": key, "title": title, "text": text, "priority": priority, "task": task,
        "is_own": is_own, "desktop": desktop, "created": moment, "read": moment if is_read else None,
    }  # fmt: skip
    insert_missing(conn, i, [values])
    mark_changed(conn)
    return True


def preferences(conn: Connection, person: int) -> NotificationPreferences:
    """Returns what a person wants to be notified about."""
    which, ways = recall(conn, person, WHICH), recall(conn, person, WAYS)
    known = [one for one in WAY_CHOICES if one in ways] if isinstance(ways, list) else USUAL_WAYS
    return NotificationPreferences(which if which in CHOICES else "failed", known)


def save_preferences(conn: Connection, person: int, which: str, ways: Sequence[str]) -> None:
    """Stores the preferences; an unknown `which` changes nothing."""
    if which in CHOICES:
        remember(conn, person, WHICH, which)
        remember(conn, person, WAYS, [one for one in WAY_CHOICES if one in ways])


def bell(conn: Connection, person: Person) -> Bell:
    """What the rail of this person's pages shows."""
    moment = now()
    is_recent = i.c.created.between(moment - RECENT, moment + RECENT)  # later ones: the clock was set back since
    query = select(i).where(i.c.person == person.id, i.c.desktop, is_recent)
    newest = [_notice(row) for row in conn.execute(query.order_by(i.c.id.desc()).limit(NEWEST))]
    running = select(func.count()).where(t.c.owner == person.id, t.c.state == State.RUNNING)
    return Bell(unread=unread(conn, person), running=conn.execute(running).scalar_one(), newest=newest)


def unread(conn: Connection, person: Person) -> int:
    return conn.execute(select(func.count()).where(i.c.person == person.id, i.c.read.is_(None))).scalar_one()


def listing(
    conn: Connection, person: Person, *, only: str = "", words: str = "", before: int | None = None, limit: int = 50
) -> Sequence[Notice]:
    """The newest first; `only`: unread, tasks or messages."""
    query = select(i).where(i.c.person == person.id).order_by(i.c.id.desc()).limit(limit)
    if only == "unread":
        query = query.where(i.c.read.is_(None))
    elif only in ("tasks", "messages"):
        query = query.where(i.c.is_own == (only == "tasks"))
    if words:
        found = i.c.title.icontains(words, autoescape=True) | i.c.text.icontains(words, autoescape=True)
        query = query.where(found)
    if before is not None:
        query = query.where(i.c.id < before)
    return [_notice(row) for row in conn.execute(query)]


def _notice(row: Row[Any]) -> Notice:
    return Notice(
        id=row.id,
        title=row.title,
        text=row.text,
        priority=row.priority,
        task=row.task,
        is_own=row.is_own,
        created=row.created,
        read=row.read,
    )


def mark(conn: Connection, person: Person, notice: int | None = None, *, read: bool = True) -> None:
    """One of them, or all, as read or as unread."""
    mine = update(i).where(i.c.person == person.id)
    if notice is not None:
        mine = mine.where(i.c.id == notice)
    mine = mine.where(i.c.read.is_(None) if read else i.c.read.is_not(None))
    if conn.execute(mine.values(read=now() if read else None)).rowcount:
        mark_changed(conn)


def forget_old(conn: Connection, oldest: datetime) -> int:
    """Deletes the notices that are older than `oldest`; returns how many."""
    return conn.execute(delete(i).where(i.c.created < oldest)).rowcount
