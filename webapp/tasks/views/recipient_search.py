"""Finds recipients by address or by any column of a list, in all tasks that a person may see: “Did Ana get it?”"""

import json
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr

from sqlalchemy import ColumnElement, Connection, String, cast, or_, select

from webapp.db import schema
from webapp.db.search import contains
from webapp.ports.delivery_state import DeliveryResult, DeliveryState, stored_result
from webapp.ports.people import Person
from webapp.tasks.ledger.delivery_state import RESULT
from webapp.tasks.model import name_in

SHOWN = 10

t, d = schema.task, schema.delivery


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One message to one recipient, and its result."""

    task: int
    title: str
    kind: str
    to: str
    name: str
    result: DeliveryResult
    reply: str
    next_try: datetime | None
    updated: datetime
    sender: str

    @property
    def returns_to(self) -> str:
        """The address to which bounces go; empty unless a bounce may still come."""
        may_bounce = self.result in (DeliveryState.SENT, DeliveryState.UNKNOWN)
        return parseaddr(self.sender)[1] if may_bounce else ""


def matching(words: str) -> ColumnElement[bool]:
    """Matches deliveries that have `words` in their address or in their row of the list."""
    typed = json.dumps(words, ensure_ascii=False)[1:-1]  # as a database stores it
    return or_(contains(d.c.to, words), contains(cast(d.c.data, String), typed))


def answers(conn: Connection, person: Person, words: str, limit: int = SHOWN) -> list[Answer]:
    """Returns deliveries, the newest first; one more than `limit` if there are more."""
    query = select(d, RESULT.label("result"), t.c.title, t.c.kind, t.c.sender).join(t, t.c.id == d.c.task)
    if not person.is_admin:
        query = query.where(t.c.owner == person.id)
    found = query.where(matching(words)).order_by(d.c.task.desc(), d.c.position).limit(limit + 1)
    return [
        Answer(
            task=row.task,
            title=row.title,
            kind=row.kind,
            to=row.to,
            name=name_in(row.data),
            result=stored_result(row.result),
            reply=row.reply,
            next_try=row.next_try,
            updated=row.updated,
            sender=row.sender,
        )
        for row in conn.execute(found)
    ]
