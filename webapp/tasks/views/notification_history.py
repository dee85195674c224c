"""The notifications that went out: one row per delivery, with its result; admins see all, staff what they sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Row, and_, cast, or_, select

from webapp.db import schema
from webapp.db.search import contains
from webapp.ports.delivery_state import DeliveryState
from webapp.ports.people import Person

t, d, p = schema.task, schema.delivery, schema.person


@dataclass(frozen=True, kw_only=True)
class Source:
    """The kind of task that notifies, and the fields with its texts.

    `title` and `message` are fields of its form; `inbox` is the channel of its deliveries to people, and `person` the
    field of their data with the person's id.
    """

    kind: str
    title: str
    message: str
    inbox: str
    person: str


@dataclass(frozen=True, kw_only=True)
class Criteria:
    """Which notifications: `person` sent or got them; times in UTC, `until` excluded."""

    search: str = ""
    channel: str = ""
    person: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class SentNotification:
    """One delivery of a notification."""

    task: int
    position: int
    title: str
    message: str
    sender: str
    to: str
    channel: str
    state: DeliveryState
    reply: str
    attempts: int
    moment: datetime


def sent(
    conn: Connection,
    person: Person,
    source: Source,
    criteria: Criteria,
    *,
    after: tuple[int, int] | None = None,
    limit: int = 50,
) -> Sequence[SentNotification]:
    """Returns the newest first, those of one task by position; `after` is the last one known (task, position)."""
    columns = {
        "task": d.c.task,
        "position": d.c.position,
        "title": t.c.form[source.title].as_string(),
        "message": t.c.form[source.message].as_string(),
        "sender": p.c.name,
        "to": d.c.to,
        "channel": d.c.channel,
        "state": d.c.state,
        "reply": d.c.reply,
        "attempts": d.c.attempts,
        "moment": d.c.updated,
    }
    query = select(*(column.label(name) for name, column in columns.items()))
    query = query.join(t, t.c.id == d.c.task).join(p, p.c.id == t.c.owner)
    query = query.where(t.c.kind == source.kind, *_conditions(person, source, criteria))
    if after:
        query = query.where(or_(d.c.task < after[0], and_(d.c.task == after[0], d.c.position > after[1])))
    rows = conn.execute(query.order_by(d.c.task.desc(), d.c.position).limit(limit))
    return [_sent(row) for row in rows]


def _sent(row: Row[Any]) -> SentNotification:
    return SentNotification(
        **{
            **row._mapping,
            "title": row.title or "",
            "message": row.message or "",
            "state": DeliveryState.stored(row.state),
        }
    )


def _conditions(person: Person, source: Source, criteria: Criteria) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [] if person.is_admin else [t.c.owner == person.id]
    if criteria.search:
        texts = (t.c.form[source.title].as_string(), t.c.form[source.message].as_string(), d.c.to, t.c.title)
        conditions.append(or_(*(contains(text, criteria.search) for text in texts)))
    if criteria.channel:
        conditions.append(d.c.channel == criteria.channel)
    if criteria.person is not None:
        got_it = and_(
            d.c.channel == source.inbox, cast(d.c.data[source.person].as_string(), BigInteger) == criteria.person
        )
        conditions.append(or_(t.c.owner == criteria.person, got_it))
    if criteria.since:
        conditions.append(t.c.created >= criteria.since)
    if criteria.until:
        conditions.append(t.c.created < criteria.until)
    return conditions
