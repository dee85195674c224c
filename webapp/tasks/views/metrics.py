"""Counts for metrics, read in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from webapp.db import schema
from webapp.tasks.queries import IS_WAITING

t, d, f, u = schema.task, schema.delivery, schema.file, schema.upload


@dataclass(frozen=True, kw_only=True)
class Queue:
    """Due tasks that have not started; `oldest`: since when the first of them is due."""

    due: int
    oldest: datetime


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Files in the store: their number and their bytes."""

    number: int
    size: int


Counts = Mapping[tuple[str, ...], float]  # by their labels


def tasks(conn: Connection) -> Counts:
    """Returns the number of tasks by kind and state."""
    query = select(t.c.kind, t.c.state, func.count()).group_by(t.c.kind, t.c.state)
    return {(kind, state): number for kind, state, number in conn.execute(query)}


def deliveries(conn: Connection) -> Counts:
    """Returns the number of deliveries by state; reads every delivery."""
    query = select(d.c.state, func.count()).group_by(d.c.state)
    return {(state,): number for state, number in conn.execute(query)}


def queues(conn: Connection, moment: datetime) -> Mapping[str, Queue]:
    """Returns the queues that have due tasks."""
    query = select(t.c.queue, func.count(), func.min(t.c.not_before)).where(IS_WAITING, t.c.not_before <= moment)
    return {queue: Queue(due=due, oldest=oldest) for queue, due, oldest in conn.execute(query.group_by(t.c.queue))}


def files(conn: Connection) -> Kept:
    """Returns the files that tasks made and that still exist."""
    query = select(func.count(), func.coalesce(func.sum(f.c.size), 0)).where(f.c.deleted.is_(None))
    number, size = conn.execute(query).one()
    return Kept(number=number, size=int(size))


def uploads(conn: Connection) -> Kept:
    """Returns the uploads, without their typed copies."""
    number, size = conn.execute(select(func.count(), func.coalesce(func.sum(u.c.size), 0))).one()
    return Kept(number=number, size=int(size))
