"""People's inboxes in the panel: their notices, which of them were read, and notification preferences."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, null, select, update

from webapp.clock import now
from webapp.db import preferences, schema
from webapp.db.connect import mark_changed
from webapp.db.upsert import insert_missing
from webapp.ports.people import Person
from webapp.tasks.model import State

CHOICES = {"all": "Every one", "failed": "Those that failed or need attention", "none": "None"}
CHANNEL_CHOICES = {"inbox": "In the inbox", "desktop": "On the desktop, while a page is open", "mail": "By email"}
DEFAULT_CHANNELS = ("inbox", "desktop")
_TASKS_KEY, _CHANNELS_KEY = "notices", "notice-ways"  # of the stored preferences
NEWEST = 3  # notices that a page shows on the desktop at once
RECENT = timedelta(minutes=10)  # older ones are not shown on the desktop
i, p, t = schema.inbox, schema.person, schema.task


@dataclass(frozen=True, kw_only=True)
class NewNotice:
    """A notice to be added, once per key; `is_own`: about a task of that person's own. `desktop`: shown there too.

    `html` is the text as pages show it, unless the notice is about a task of their own.
    """

    person: int
    title: str
    text: str
    html: str | None = None
    key: str
    task: int | None = None
    priority: str = "normal"
    is_own: bool = False
    is_read: bool = False
    desktop: bool = True


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A notice in a person's inbox; `task`: what it is about; `is_own`: that task is theirs.

    `html` is None if the text was not drawn when it was stored, and where it is not needed.
    """

    id: int
    title: str
    text: str
    html: str | None
    priority: str
    task: int | None
    is_own: bool
    created: datetime
    read: datetime | None

    @property
    def path(self) -> str:
        """The page that a click on it opens."""
        return f"/tasks/{self.task}" if self.is_own and self.task else f"/inbox#notice-{self.id}"


@dataclass(frozen=True, kw_only=True)
class Bell:
    """How many notices are unread, how many of the person's own tasks run, and what is new for the desktop."""

    unread: int = 0
    running: int = 0
    newest: Sequence[Notice] = ()

    @property
    def news(self) -> list[dict[str, object]]:
        """The desktop notices for the page's script, the oldest first."""
        found = reversed(self.newest)
        return [{"id": one.id, "title": one.title, "text": one.text[:300], "path": one.path} for one in found]


@dataclass(frozen=True)
class NotificationPreferences:
    """Notification preferences: about which own tasks (of CHOICES), by which channels (of CHANNEL_CHOICES)."""

    which: str = "failed"
    channels: Sequence[str] = DEFAULT_CHANNELS

    def wants(self, state: State) -> bool:
        """Returns True if the person wants a notice about a task that ended in this state."""
        is_bad = state in (State.FAILED, State.ATTENTION)
        return state is not State.CANCELLED and (self.which == "all" or (self.which == "failed" and is_bad))


def notify(conn: Connection, notice: NewNotice) -> bool:
    """Adds a notice, once per key; returns False if the person is gone or disabled."""
    is_there = select(p.c.id).where(p.c.id == notice.person, p.c.disabled.is_(None))
    if conn.execute(is_there).first() is None:
        return False
    moment = now()
    values = {**asdict(notice), "created": moment, "read": moment if notice.is_read else None}
    del values["is_read"]
    insert_missing(conn, i, [values])
    mark_changed(conn)
    return True


def read_preferences(conn: Connection, person: int) -> NotificationPreferences:
    """Returns what a person wants to be notified about."""
    which = preferences.get(conn, person, _TASKS_KEY)
    stored = preferences.get(conn, person, _CHANNELS_KEY)
    channels = [one for one in CHANNEL_CHOICES if one in stored] if isinstance(stored, list) else DEFAULT_CHANNELS
    return NotificationPreferences(which if which in CHOICES else "failed", channels)


def save_preferences(conn: Connection, person: int, which: str, channels: Sequence[str]) -> None:
    """Stores the preferences; an unknown `which` changes nothing."""
    if which in CHOICES:
        preferences.put(conn, person, _TASKS_KEY, which)
        preferences.put(conn, person, _CHANNELS_KEY, [one for one in CHANNEL_CHOICES if one in channels])


def bell(conn: Connection, person: Person) -> Bell:
    """Returns what the navigation of this person's pages shows."""
    moment = now()
    is_recent = i.c.created.between(moment - RECENT, moment + RECENT)  # no later ones: the clock may have been set back
    columns = (null().label("html") if column is i.c.html else column for column in i.c)  # it is read on every page
    query = select(*columns).where(i.c.person == person.id, i.c.desktop, is_recent)
    newest = [_notice(row) for row in conn.execute(query.order_by(i.c.id.desc()).limit(NEWEST))]
    running = select(func.count()).where(t.c.owner == person.id, t.c.state == State.RUNNING)
    return Bell(unread=unread(conn, person), running=conn.execute(running).scalar_one(), newest=newest)


def unread(conn: Connection, person: Person) -> int:
    return conn.execute(select(func.count()).where(i.c.person == person.id, i.c.read.is_(None))).scalar_one()


def listing(
    conn: Connection, person: Person, *, only: str = "", search: str = "", before: int | None = None, limit: int = 50
) -> Sequence[Notice]:
    """Returns notices, newest first; `only`: unread, tasks or messages."""
    query = select(i).where(i.c.person == person.id).order_by(i.c.id.desc()).limit(limit)
    if only == "unread":
        query = query.where(i.c.read.is_(None))
    elif only in ("tasks", "messages"):
        query = query.where(i.c.is_own == (only == "tasks"))
    if search:
        query = query.where(i.c.title.icontains(search, autoescape=True) | i.c.text.icontains(search, autoescape=True))
    if before is not None:
        query = query.where(i.c.id < before)
    return [_notice(row) for row in conn.execute(query)]


def _notice(row: Row[Any]) -> Notice:
    return Notice(
        id=row.id,
        title=row.title,
        text=row.text,
        html=row.html,
        priority=row.priority,
        task=row.task,
        is_own=row.is_own,
        created=row.created,
        read=row.read,
    )


def store_html(conn: Connection, drawn: Mapping[int, str]) -> None:
    """Stores the HTML of notices, by their ids."""
    rows = [{"notice": notice, "drawn": html} for notice, html in drawn.items()]
    conn.execute(update(i).where(i.c.id == bindparam("notice")).values(html=bindparam("drawn")), rows)


def mark(conn: Connection, person: Person, notice: int | None = None, *, read: bool = True) -> None:
    """Marks one notice, or all of them, as read or as unread."""
    mine = update(i).where(i.c.person == person.id)
    if notice is not None:
        mine = mine.where(i.c.id == notice)
    mine = mine.where(i.c.read.is_(None) if read else i.c.read.is_not(None))
    if conn.execute(mine.values(read=now() if read else None)).rowcount:
        mark_changed(conn)


def forget_old(conn: Connection, oldest: datetime) -> int:
    """Deletes the notices that are older than `oldest`; returns how many."""
    return conn.execute(delete(i).where(i.c.created < oldest)).rowcount
