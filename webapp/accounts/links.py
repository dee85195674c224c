"""Links that work once: the set-up of the first admin, and the invitation by which a person chooses a password."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from webapp.accounts import secrets
from webapp.clock import now
from webapp.db import schema

LIFE = timedelta(days=7)

link = schema.link

Purpose = Literal["setup", "invite"]


@dataclass(frozen=True)
class Link:
    """A link that still works; `person` is nobody for the set-up."""

    person: int | None
    expires: datetime


@dataclass(frozen=True)
class NewLink:
    """A link that was just made; `secret` is told here and never again."""

    secret: str
    expires: datetime


def new_setup(conn: Connection) -> str:
    """Returns the secret of a new set-up link; those of earlier starts end."""
    conn.execute(delete(link).where(link.c.purpose == "setup"))
    return _new(conn, "setup", None).secret


def new_invite(conn: Connection, person_id: int) -> NewLink:
    """Returns a link by which that person chooses a password; an earlier one ends."""
    withdraw(conn, person_id)
    return _new(conn, "invite", person_id)


def find(conn: Connection, purpose: Purpose, secret: str) -> Link | None:
    """Returns the link, while it works."""
    query = select(link.c.person, link.c.expires).where(_is(purpose, secret), link.c.expires > now())
    row = conn.execute(query).one_or_none()
    return Link(row.person, row.expires) if row else None


def use(conn: Connection, purpose: Purpose, secret: str) -> Link | None:
    """Uses the link up and returns it; None if it was used already."""
    gone = delete(link).where(_is(purpose, secret), link.c.expires > now()).returning(link.c.person, link.c.expires)
    row = conn.execute(gone).one_or_none()
    return Link(row.person, row.expires) if row else None


def withdraw(conn: Connection, person_id: int) -> None:
    """Ends the links that were made for a person."""
    conn.execute(delete(link).where(link.c.person == person_id))


def end_setup(conn: Connection) -> None:
    """Ends the set-up: there is an admin."""
    conn.execute(delete(link).where(link.c.purpose == "setup"))


def _is(purpose: Purpose, secret: str) -> ColumnElement[bool]:
    return (link.c.hash == secrets.digest(secret)) & (link.c.purpose == purpose)


def _new(conn: Connection, purpose: Purpose, person_id: int | None) -> NewLink:
    moment, secret = now(), secrets.new()
    values = {"purpose": purpose, "person": person_id, "created": moment, "expires": moment + LIFE}
    conn.execute(insert(link).values(hash=secrets.digest(secret), **values))
    return NewLink(secret, moment + LIFE)
