"""Failed tasks by their cause: one reason mostly stops many, and once it is gone they all can go on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from webapp.db import schema
from webapp.ports.engine import Engine
from webapp.ports.people import Person
from webapp.tasks import commands
from webapp.tasks.mapping import tasks_select, to_tasks
from webapp.tasks.model import State, Task

t = schema.task
OPEN = (t.c.state == State.FAILED) & t.c.acknowledged_at.is_(None) & (t.c.cause != "")
BATCH = 50  # tasks that go on in one commit
MAIL = "mail-"


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One reason for which tasks failed: how many, since when, and the words of the last one."""

    key: str
    number: int
    since: datetime
    words: str

    @property
    def is_mail(self) -> bool:
        """Something about a mail server: Settings → Mail is where it can be mended."""
        return self.key.startswith(MAIL)


def groups(conn: Connection, person: Person) -> list[Cause]:
    """Returns the causes of failed tasks not yet marked as dealt with, the commonest first; staff see their own."""
    query = select(t.c.cause, func.count(), func.min(t.c.finished), func.max(t.c.id)).where(_seen_by(person))
    rows = conn.execute(query.group_by(t.c.cause).order_by(func.count().desc(), t.c.cause)).all()
    said = select(t.c.id, t.c.outcome).where(t.c.id.in_([row[3] for row in rows]))
    words: dict[int, str] = {row.id: row.outcome for row in conn.execute(said)}
    return [
        Cause(key=key, number=number, since=since, words=_first_sentence(words[last]))
        for key, number, since, last in rows
    ]


def stopped_by_mail(conn: Connection, person: Person, server_id: str = "") -> list[int]:
    """Tasks that a mail server stopped; with an id, those that were to go through it or through the usual one."""
    query = select(t.c.id, t.c.form).where(_seen_by(person), t.c.cause.startswith(MAIL)).order_by(t.c.id)
    rows = conn.execute(query).all()
    return [row.id for row in rows if not server_id or row.form.get("server", "") in ("", server_id)]


def of_cause(conn: Connection, person: Person, cause: str) -> list[int]:
    """The failed tasks of one cause, the oldest first."""
    query = select(t.c.id).where(_seen_by(person), t.c.cause == cause)
    return list(conn.execute(query.order_by(t.c.id)).scalars())


def retry(conn: Connection, engine: Engine, by: Person, ids: Sequence[int]) -> int:
    """Retries those of these tasks that still can be; returns how many. At most BATCH in one transaction."""
    rows = conn.execute(tasks_select().where(t.c.id.in_(ids), _seen_by(by))).all()
    found: list[Task] = [task for task in to_tasks(conn, list(rows)) if task.can_retry]
    for task in found:
        commands.retry(conn, engine, task, by)
    return len(found)


def _seen_by(person: Person) -> ColumnElement[Any]:
    return OPEN if person.is_admin else OPEN & (t.c.owner == person.id)


def _first_sentence(words: str) -> str:
    first, dot, _ = words.partition(". ")
    return f"{first}." if dot else words
