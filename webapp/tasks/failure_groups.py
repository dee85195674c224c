"""Failed tasks by cause: one cause mostly stops many tasks, and once it is fixed they can all be retried."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from webapp.db import schema
from webapp.ports.engine import Engine
from webapp.ports.kinds import Kind
from webapp.ports.people import Person
from webapp.tasks import commands
from webapp.tasks.mapping import tasks_select, to_tasks
from webapp.tasks.model import State, Task

t = schema.task
OPEN = (t.c.state == State.FAILED) & t.c.acknowledged_at.is_(None) & (t.c.cause != "")
BATCH = 50  # tasks that are retried in one commit
MAIL = "mail-"
FindKind = Callable[[str], Kind | None]


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One cause for which tasks failed: how many, since when, and what the last one says."""

    key: str
    number: int
    since: datetime
    message: str

    @property
    def is_mail(self) -> bool:
        """True if it is about a mail server, which is fixed in Settings → Mail."""
        return self.key.startswith(MAIL)


def groups(conn: Connection, person: Person) -> list[Cause]:
    """Returns the causes of failed tasks not yet marked as dealt with, most common first; staff see their own."""
    query = select(t.c.cause, func.count(), func.min(t.c.finished), func.max(t.c.id)).where(_visible_to(person))
    rows = conn.execute(query.group_by(t.c.cause).order_by(func.count().desc(), t.c.cause)).all()
    latest = select(t.c.id, t.c.outcome).where(t.c.id.in_([row[3] for row in rows]))
    outcomes: dict[int, str] = {row.id: row.outcome for row in conn.execute(latest)}
    return [
        Cause(key=cause, number=number, since=since, message=_first_sentence(outcomes[task_id]))
        for cause, number, since, task_id in rows
    ]


def stopped_by_mail(conn: Connection, person: Person, find_kind: FindKind, server_id: str = "") -> list[int]:
    """Returns the tasks that a mail server stopped; with an id, those that use that server or the default one."""
    query = select(t.c.id, t.c.kind, t.c.form).where(_visible_to(person), t.c.cause.startswith(MAIL)).order_by(t.c.id)
    rows = conn.execute(query).all()
    return [row.id for row in rows if not server_id or _server_of(find_kind(row.kind), row.form) in ("", server_id)]


def _server_of(kind: Kind | None, form: Mapping[str, Any]) -> str:
    return kind.server_of(form) if kind else ""


def of_cause(conn: Connection, person: Person, cause: str) -> list[int]:
    """Returns the failed tasks of one cause, oldest first."""
    query = select(t.c.id).where(_visible_to(person), t.c.cause == cause)
    return list(conn.execute(query.order_by(t.c.id)).scalars())


def retry(conn: Connection, engine: Engine, by: Person, ids: Sequence[int]) -> int:
    """Retries those of these tasks that can be retried; returns how many. At most BATCH in one transaction."""
    rows = conn.execute(tasks_select().where(t.c.id.in_(ids), _visible_to(by))).all()
    found: list[Task] = [task for task in to_tasks(conn, list(rows)) if task.can_retry]
    for task in found:
        commands.retry(conn, engine, task, by)
    return len(found)


def _visible_to(person: Person) -> ColumnElement[Any]:
    return OPEN if person.is_admin else OPEN & (t.c.owner == person.id)


def _first_sentence(text: str) -> str:
    first, dot, _ = text.partition(". ")
    return f"{first}." if dot else text
