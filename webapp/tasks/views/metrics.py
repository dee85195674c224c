"""Everything that is counted for metrics, as one moment of the database shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from webapp.db import schema
from webapp.tasks.queries import IS_WAITING

t, d, f, u = schema.task, schema.delivery, schema.file, schema.upload


@dataclass(frozen=True, kw_only=True)
class Queue:
    """Tasks whose time has come and that have not begun; `oldest` is since when the first of them could."""

    due: int
    oldest: datetime


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Things in the store, and their bytes."""

    number: int
    size: int


Counts = Mapping[tuple[str, ...], float]  # by the values that are told apart


def tasks(conn: Connection) -> Counts:
    """How many there are of each kind in each state."""
    query = select(t.c.kind, t.c.state, func.count()).group_by(t.c.kind, t.c.state)
    return {(kind, state): number for kind, state, number in conn.execute(query)}


def deliveries(conn: Connection) -> Counts:
    """How many are in each state; reads every delivery."""
    query = select(d.c.state, func.count()).group_by(d.c.state)
    return {(state,): number for state, number in conn.execute(query)}


def queues(conn: Connection, moment: datetime) -> Mapping[str, Queue]:
    """The queues in which something is due."""
    query = select(t.c.queue, func.count(), func.min(t.c.not_before)).where(IS_WAITING, t.c.not_before <= moment)
    return {queue: Queue(due=due, oldest=oldest) for queue, due, oldest in conn.execute(query.group_by(t.c.queue))}


def files(conn: Connection) -> Kept:
    """What tasks made and is still there."""
    query = select(func.count(), func.coalesce(func.sum(f.c.size), 0)).where(f.c.deleted.is_(None))
    number, size = conn.execute(query).one()
    return Kept(number=number, size=int(size))


def uploads(conn: Connection) -> Kept:
    """What people brought in; the typed copies beside them are not counted."""
    number, size = conn.execute(select(func.count(), func.coalesce(func.sum(u.c.size), 0))).one()
    return Kept(number=number, size=int(size))
