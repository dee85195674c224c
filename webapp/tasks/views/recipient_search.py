"""“Did Ana get it?”: recipients of all tasks that somebody may see, found by address or by any column of a list."""

import json
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr

from sqlalchemy import ColumnElement, Connection, String, cast, or_, select

from webapp.db import schema
from webapp.db.search import contains
from webapp.ports.people import Person
from webapp.tasks.model import name_in
from webapp.tasks.transitions import BY_STATE

SHOWN = 10

t, d = schema.task, schema.delivery


@dataclass(frozen=True)
class Answer:
    """One message to one person; `state` as pages name it, with why somebody was left out."""

    task: int
    title: str
    kind: str
    to: str
    name: str
    state: str
    reply: str
    next_try: datetime | None
    updated: datetime
    sender: str

    @property
    def returns_to(self) -> str:
        """Where mail comes back to that a server accepted and could not deliver; empty where that was no mail."""
        return parseaddr(self.sender)[1] if self.state in ("sent", "unknown") else ""


def matching(words: str) -> ColumnElement[bool]:
    """Deliveries in whose address, or in whose row of the list, these words stand."""
    typed = json.dumps(words, ensure_ascii=False)[1:-1]  # as a database stores it
    return or_(contains(d.c.to, words), contains(cast(d.c.data, String), typed))


def answers(conn: Connection, person: Person, words: str, limit: int = SHOWN) -> list[Answer]:
    """The newest first; one more than `limit` where there are more."""
    query = select(d, BY_STATE.label("told"), t.c.title, t.c.kind, t.c.sender).join(t, t.c.id == d.c.task)
    if not person.is_admin:
        query = query.where(t.c.owner == person.id)
    found = query.where(matching(words)).order_by(d.c.task.desc(), d.c.position).limit(limit + 1)
    return [
        Answer(
            row.task, row.title, row.kind, row.to, name_in(row.data), row.told, row.reply, row.next_try, row.updated,
            row.sender,
        )
        for row in conn.execute(found)
    ]  # fmt: skip
