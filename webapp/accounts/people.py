"""Finds and adds people; each signs in with an address, which is stored in lower case."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, exists, func, select

from webapp.accounts import validation
from webapp.audit.actions import AuditAction
from webapp.clock import now
from webapp.db import schema
from webapp.db.connect import mark_changed
from webapp.db.upsert import save_unique
from webapp.errors import NotFound
from webapp.ports.people import Person
from webapp.settings import Settings

p, s, a = schema.person, schema.session, schema.audit

# Admins who can sign in: neither disabled nor still without a password.
IS_ACTING_ADMIN = (p.c.role == "admin") & p.c.disabled.is_(None) & (p.c.password != "")


@dataclass(frozen=True, kw_only=True)
class Member:
    """One person, as admins see them in the list."""

    person: Person
    created: datetime
    last_seen: datetime | None
    is_disabled: bool
    is_invited: bool  # has not chosen a password yet


class Credentials(NamedTuple):
    """Whose password it is, and what is stored of it."""

    person: int
    stored: str


@dataclass(frozen=True, kw_only=True)
class NewPerson:
    """A person to add. Without a password they cannot sign in until they chose one by a link."""

    email: str
    name: str
    role: str
    password_hash: str = ""
    zone: str = ""


def add(conn: Connection, settings: Settings, new: NewPerson) -> Person:
    """Adds a person; raises a UserError that names the field."""
    values = {
        "email": validation.email(new.email),
        "name": validation.name(new.name),
        "role": validation.role(new.role),
        "password": new.password_hash,
        "zone": validation.zone(new.zone) if new.zone else "",
        "created": now(),
    }
    person_id = save_unique(conn, p, 0, values, unique=("email",), taken=f"{values['email']} is here already.")
    mark_changed(conn)
    return by_id(conn, settings, person_id)


def by_id(conn: Connection, settings: Settings, person_id: int) -> Person:
    """Returns the person, disabled or not; raises NotFound if there is none."""
    row = conn.execute(select(p).where(p.c.id == person_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such person.")
    return to_person(row, settings)


def by_email(conn: Connection, settings: Settings, email: str) -> Person:
    """Returns the person of a typed address, disabled or not; raises NotFound if there is none."""
    row = conn.execute(select(p).where(p.c.email == validation.as_kept(email))).one_or_none()
    if row is None:
        raise NotFound(f"Nobody here has the address {email.strip()}.", "email")
    return to_person(row, settings)


def credentials(conn: Connection, email: str) -> Credentials | None:
    """Returns what signing in needs; None for people who are unknown, disabled, or still without a password."""
    may = p.c.disabled.is_(None) & (p.c.password != "")
    row = conn.execute(select(p.c.id, p.c.password).where(p.c.email == validation.as_kept(email), may)).one_or_none()
    return Credentials(row.id, row.password) if row else None


def has_admin(conn: Connection) -> bool:
    """Returns True if an admin can sign in; until then the set-up is open."""
    return bool(conn.execute(select(exists().where(IS_ACTING_ADMIN))).scalar())


def is_disabled(conn: Connection, person_id: int) -> bool:
    """Returns True if the person is disabled."""
    return bool(conn.execute(select(exists().where(p.c.id == person_id, p.c.disabled.isnot(None)))).scalar())


def listing(conn: Connection, settings: Settings) -> list[Member]:
    """Returns all people by name, disabled ones last."""
    seen = select(func.max(s.c.seen)).where(s.c.person == p.c.id).scalar_subquery()
    signed_in = a.c.action.in_((AuditAction.SIGN_IN, AuditAction.SIGN_IN.text))  # the text: by an earlier version
    came = select(func.max(a.c.at)).where(a.c.person == p.c.id, signed_in).scalar_subquery()
    query = select(p, seen.label("seen"), came.label("came")).order_by(
        p.c.disabled.isnot(None), func.lower(p.c.name), p.c.id
    )
    return [_member(row, settings) for row in conn.execute(query)]


def to_person(row: Row[Any], settings: Settings) -> Person:
    """Returns the person of a row, with the installation's zone and wait if none was chosen."""
    wait = settings.undo_seconds if row.undo_seconds is None else row.undo_seconds
    return Person(row.id, row.email, row.name, row.role, ZoneInfo(row.zone or settings.timezone), wait)


def _member(row: Row[Any], settings: Settings) -> Member:
    last_seen = max((moment for moment in (row.seen, row.came) if moment), default=None)
    return Member(
        person=to_person(row, settings),
        created=row.created,
        last_seen=last_seen,
        is_disabled=row.disabled is not None,
        is_invited=row.password == "",
    )
