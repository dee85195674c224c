"""The panel's own tasks and deliveries as tables that a report can be made from: admins all, staff their own."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from webapp.db import schema
from webapp.ports.people import Person

t, d, p = schema.task, schema.delivery, schema.person
CHUNK = 2_000
Read = Callable[[], AbstractContextManager[Connection]]


def rows(read: Read, person: Person, name: str, most: int | None = None) -> Iterator[Sequence[Any]]:
    """Yields rows, the newest first, in the columns of reports.task_log_source; times in the person's zone."""
    chunks = _tasks(read, person) if name == "log-tasks" else _deliveries(read, person)
    count = 0
    for chunk in chunks:
        for row in chunk:
            if most is not None and count >= most:
                return
            count += 1
            yield [value.astimezone(person.zone).replace(tzinfo=None) if _is_time(value) else value for value in row]


def _is_time(value: Any) -> bool:
    return isinstance(value, datetime)


def _tasks(read: Read, person: Person) -> Iterator[Sequence[Sequence[Any]]]:
    columns = (
        t.c.id, t.c.kind, t.c.title, p.c.email, t.c.state, t.c.outcome, t.c.created, t.c.started, t.c.finished,
        t.c.attempt, t.c.reference,
    )  # fmt: skip
    query = select(*columns).join(p, p.c.id == t.c.owner).order_by(t.c.id.desc()).limit(CHUNK)
    query = query if person.is_admin else query.where(t.c.owner == person.id)
    last: int | None = None
    while True:
        with read() as conn:
            rows = conn.execute(query if last is None else query.where(t.c.id < last)).all()
        yield [_task(row) for row in rows]
        if len(rows) < CHUNK:
            return
        last = rows[-1].id


def _task(row: Any) -> Sequence[Any]:
    duration = (row.finished - row.started).total_seconds() if row.finished and row.started else None
    seconds = None if duration is None else round(duration, 3)
    return [*row[:9], seconds, row.attempt, row.reference or None]


def _deliveries(read: Read, person: Person) -> Iterator[Sequence[Sequence[Any]]]:
    columns = (
        d.c.task, t.c.title, p.c.email, d.c.position, d.c.to, d.c.state, d.c.attempts, d.c.reply, d.c.message_id,
        d.c.updated,
    )  # fmt: skip
    query = select(*columns).join(t, t.c.id == d.c.task).join(p, p.c.id == t.c.owner)
    query = query.order_by(d.c.task.desc(), d.c.position).limit(CHUNK)
    query = query if person.is_admin else query.where(t.c.owner == person.id)
    last: tuple[int, int] | None = None
    while True:
        after = query
        if last:
            after = query.where(or_(d.c.task < last[0], and_(d.c.task == last[0], d.c.position > last[1])))
        with read() as conn:
            rows = conn.execute(after).all()
        yield [[value if value != "" else None for value in row] for row in rows]
        if len(rows) < CHUNK:
            return
        last = (rows[-1].task, rows[-1].position)
