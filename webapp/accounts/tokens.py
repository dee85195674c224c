"""API tokens for programs: shown once, kept as their SHA-256."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from webapp.accounts import people, secrets
from webapp.clock import now
from webapp.db import schema
from webapp.errors import NotFound
from webapp.ports.names import read_name
from webapp.ports.people import Person
from webapp.settings import Settings

EMPTY = "Write what the token is for."
PREFIX = "out_"  # lets people and scanners for leaked secrets recognise one
USED_EVERY = timedelta(minutes=1)

t, p = schema.token, schema.person


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token, without its secret."""

    id: int
    name: str
    created: datetime
    used: datetime | None

    @property
    def is_stale(self) -> bool:
        """True if its use should be noted again; also if that was in the future, before the clock was set back."""
        return self.used is None or abs(now() - self.used) > USED_EVERY


@dataclass(frozen=True)
class Found:
    """Whose token came with a request."""

    token: Token
    person: Person


def add(conn: Connection, person_id: int, name: str) -> str:
    """Returns the text of a new token, which can be seen only once."""
    line = read_name(name, empty=EMPTY)
    secret = secrets.new(PREFIX)
    conn.execute(insert(t).values(person=person_id, name=line, hash=secrets.digest(secret), created=now()))
    return secret


def find(conn: Connection, settings: Settings, secret: str) -> Found | None:
    """Returns the token with its owner; None if it was revoked or its owner is disabled."""
    mine = [t.c.id.label("token"), t.c.name.label("token_name"), t.c.created.label("made"), t.c.used]
    query = select(p, *mine).join(t, t.c.person == p.c.id).where(t.c.hash == secrets.digest(secret))
    row = conn.execute(query.where(p.c.disabled.is_(None))).one_or_none()
    if row is None:
        return None
    return Found(
        Token(id=row.token, name=row.token_name, created=row.made, used=row.used), people.to_person(row, settings)
    )


def touch(conn: Connection, token: Token) -> None:
    """Notes that it was used just now."""
    conn.execute(update(t).where(t.c.id == token.id).values(used=now()))


def of_person(conn: Connection, person_id: int) -> list[Token]:
    """Returns the tokens of a person, the newest first."""
    rows = conn.execute(select(t).where(t.c.person == person_id).order_by(t.c.id.desc()))
    return [Token(id=row.id, name=row.name, created=row.created, used=row.used) for row in rows]


def revoke(conn: Connection, person_id: int, token_id: int) -> str:
    """Ends one token of a person at once; returns its name. Raises NotFound if it is not theirs."""
    gone = delete(t).where(t.c.id == token_id, t.c.person == person_id).returning(t.c.name)
    name: str | None = conn.execute(gone).scalar_one_or_none()
    if name is None:
        raise NotFound("This token was revoked already.")
    return name


def end_all(conn: Connection, person_id: int) -> None:
    """Ends all of a person's tokens at once."""
    conn.execute(delete(t).where(t.c.person == person_id))
