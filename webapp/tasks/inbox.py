"""People's inboxes in the panel: what they are told, what they have read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from webapp.db import schema
from webapp.db.connect import mark_changed
from webapp.db.memory import recall, remember
from webapp.db.types import now
from webapp.ports import Person
from webapp.tasks.model import State, Task

WISHES = "notices"
CHOICES = {"all": "Every one", "failed": "Those that failed or need attention", "none": "None"}
i, p = schema.inbox, schema.person


@dataclass(frozen=True)
class Notice:
    """One thing that somebody was told; `task`: what it is about, where that is theirs."""

    id: int
    title: str
    text: str
    priority: str
    task: int | None
    is_own: bool
    created: datetime
    read: datetime | None


def tell(
    conn: Connection, person: int, title: str, text: str, *, key: str, task: int | None = None,
    priority: str = "normal", is_own: bool = False,
) -> bool:  # fmt: skip
    """Puts it in, once for this key; False where the person is not there any more. `is_own`: about their own task."""
    there = select(p.c.id).where(p.c.id == person, p.c.disabled.is_(None))
    if conn.execute(there).first() is None:
        return False
    dialect = sqlite if conn.dialect.name == "sqlite" else postgresql
    new = dialect.insert(i).values(
        person=person, key=key, title=title, text=text, priority=priority, task=task, is_own=is_own, created=now()
    )
    conn.execute(new.on_conflict_do_nothing(index_elements=[i.c.person, i.c.key]))
    mark_changed(conn)
    return True


def wishes(conn: Connection, person: int) -> str:
    """Of which of their own tasks somebody wants to be told: all, failed (and those that need attention), or none."""
    found = recall(conn, person, WISHES)
    return found if found in CHOICES else "failed"


def wish(conn: Connection, person: int, chosen: str) -> None:
    if chosen in CHOICES:
        remember(conn, person, WISHES, chosen)


def task_ended(conn: Connection, task: Task, state: State, words: str) -> None:
    """Tells its owner, where they want that."""
    wanted = wishes(conn, task.owner)
    is_bad = state in (State.FAILED, State.ATTENTION)
    if state is not State.CANCELLED and (wanted == "all" or (wanted == "failed" and is_bad)):
        title = f"{task.title}: {state.words}"[:400]
        more = {"key": f"task.{task.id}.{task.attempt}", "task": task.id, "is_own": True}
        tell(conn, task.owner, title, words, priority="high" if is_bad else "normal", **more)  # type: ignore[arg-type]


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
    return [
        Notice(row.id, row.title, row.text, row.priority, row.task, row.is_own, row.created, row.read)
        for row in conn.execute(query)
    ]


def mark(conn: Connection, person: Person, notice: int | None = None, *, read: bool = True) -> None:
    """One of them, or all, as read or as unread."""
    mine = update(i).where(i.c.person == person.id)
    if notice is not None:
        mine = mine.where(i.c.id == notice)
    mine = mine.where(i.c.read.is_(None) if read else i.c.read.is_not(None))
    if conn.execute(mine.values(read=now() if read else None)).rowcount:
        mark_changed(conn)


def forget_old(conn: Connection, days: int) -> None:
    conn.execute(delete(i).where(i.c.created < now() - timedelta(days=days)))
