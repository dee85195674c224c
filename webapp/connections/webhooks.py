"""Incoming webhooks: addresses that other systems post to; each call becomes a notification to channels and people."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, delete, select, update

from webapp.accounts import secrets
from webapp.clock import now
from webapp.db import schema
from webapp.db.upsert import save_unique
from webapp.errors import NotFound, UserError
from webapp.ports.names import read_name

h, p = schema.hook, schema.person
WINDOW = 60.0  # seconds
MOST_PER_MINUTE = 600
GONE = "There is no such hook."
TAKEN = "Another hook has this name already."


class TooMany(UserError):
    """The hook was called too often; it takes the next call after `seconds`."""

    status = 429

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many at once. Try again in {seconds} second{'' if seconds == 1 else 's'}.")
        self.seconds = seconds


@dataclass(frozen=True, kw_only=True)
class IncomingWebhook:
    """One hook, without its secret; `owner` is the person who owns the tasks that it starts."""

    id: int = 0
    name: str
    channels: Sequence[str]
    people: Sequence[str]
    priority: str
    title: str
    message: str
    per_minute: int
    owner: int = 0
    created: datetime | None = None
    used: datetime | None = None


def listing(conn: Connection) -> list[IncomingWebhook]:
    """Returns all hooks, by name."""
    return [_hook(row._mapping) for row in conn.execute(select(h).order_by(h.c.name))]


def add(conn: Connection, hook: IncomingWebhook) -> str:
    """Adds a hook and returns its secret, which is not stored; raises UserError if the name is wrong or taken."""
    secret = secrets.new()
    values = {
        "name": read_name(hook.name, empty="Give it a name, such as the system that will use it."),
        "hash": secrets.digest(secret),
        "person": hook.owner,
        "channels": list(hook.channels),
        "people": list(hook.people),
        "priority": hook.priority,
        "title": hook.title,
        "message": hook.message,
        "per_minute": hook.per_minute,
        "created": now(),
    }
    save_unique(conn, h, 0, values, taken=TAKEN)
    return secret


def require(conn: Connection, secret: str) -> None:
    """Raises NotFound if no hook has this secret. Only reads, so guessing never takes the write lock."""
    if conn.execute(_of(secret)).first() is None:
        raise NotFound(GONE)


def _of(secret: str) -> Select[Any]:
    """The hook with this secret, unless its owner is disabled."""
    return select(h).join(p, h.c.person == p.c.id).where(h.c.hash == secrets.digest(secret), p.c.disabled.is_(None))


def take(conn: Connection, secret: str) -> IncomingWebhook:
    """Counts one call and returns the hook; raises NotFound if there is none, TooMany if it was called too often."""
    row = conn.execute(_of(secret).with_for_update(of=h)).mappings().one_or_none()
    if row is None:
        raise NotFound(GONE)
    moment = now()
    since = (moment - row["window_from"]).total_seconds() if row["window_from"] else WINDOW
    is_new = not 0 <= since < WINDOW
    if not is_new and row["calls"] >= row["per_minute"]:
        raise TooMany(max(1, math.ceil(WINDOW - since)))
    values = {"window_from": moment, "calls": 1} if is_new else {"calls": row["calls"] + 1}
    conn.execute(update(h).where(h.c.id == row["id"]).values(**values, used=moment))
    return _hook(row)


def remove(conn: Connection, hook_id: int) -> str:
    """Deletes a hook and returns its name; raises NotFound if it is gone."""
    name: str | None = conn.execute(delete(h).where(h.c.id == hook_id).returning(h.c.name)).scalar_one_or_none()
    if name is None:
        raise NotFound(GONE)
    return name


def _hook(row: RowMapping) -> IncomingWebhook:
    names = ("id", "name", "channels", "people", "priority", "title", "message", "per_minute", "created", "used")
    return IncomingWebhook(**{name: row[name] for name in names}, owner=row["person"])
