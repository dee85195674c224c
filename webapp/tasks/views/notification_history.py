"""What was notified: one row for each place and person, with what came of it; admins see all, staff what they sent."""

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
class Wanted:
    """Which: `channel` as deliveries name it, `person` who sent it or was told; times in UTC, `until` excluded."""

    words: str = ""
    channel: str = ""
    person: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Told:
    """One notification to one target."""

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


def told(
    conn: Connection, person: Person, wanted: Wanted, after: tuple[int, int] | None = None, limit: int = 50
) -> Sequence[Told]:
    """The newest first, those of one task in their order; `after` the last that is known (task, position)."""
    title, message = t.c.form["title"].as_string(), t.c.form["message"].as_string()
    columns = (d, title.label("title"), message.label("message"), p.c.name.label("sender"))
    query = select(*columns).join(t, t.c.id == d.c.task).join(p, p.c.id == t.c.owner)
    query = query.where(t.c.kind == "notification", *_conditions(person, wanted))
    if after:
        query = query.where(or_(d.c.task < after[0], and_(d.c.task == after[0], d.c.position > after[1])))
    found = conn.execute(query.order_by(d.c.task.desc(), d.c.position).limit(limit))
    return [_told(row) for row in found]


def _told(row: Row[Any]) -> Told:
    return Told(
        task=row.task,
        position=row.position,
        title=row.title or "",
        message=row.message or "",
        sender=row.sender,
        to=row.to,
        channel=row.channel,
        state=DeliveryState.stored(row.state),
        reply=row.reply,
        attempts=row.attempts,
        moment=row.updated,
    )


def _conditions(person: Person, wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [] if person.is_admin else [t.c.owner == person.id]
    if wanted.words:
        texts = (t.c.form["title"].as_string(), t.c.form["message"].as_string(), d.c.to, t.c.title)
        found.append(or_(*(contains(text, wanted.words) for text in texts)))
    if wanted.channel:
        found.append(d.c.channel == wanted.channel)
    if wanted.person is not None:
        is_told = and_(d.c.channel == "inbox", cast(d.c.data["person"].as_string(), BigInteger) == wanted.person)
        found.append(or_(t.c.owner == wanted.person, is_told))
    if wanted.since:
        found.append(t.c.created >= wanted.since)
    if wanted.until:
        found.append(t.c.created < wanted.until)
    return found
