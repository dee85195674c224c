"""Changes to a person; each marks the database as changed, which empties the web's memory of who is signed in."""

from sqlalchemy import Connection, select, update

from webapp.accounts import links, people, sessions, tokens, validation
from webapp.clock import now
from webapp.db import schema
from webapp.db.connect import mark_changed
from webapp.errors import Conflict, NotFound
from webapp.ports.people import Person

p = schema.person


def set_profile(conn: Connection, person: Person, name: str, zone: str) -> None:
    """Changes the name that colleagues see, and the person's time zone."""
    _set(conn, person.id, name=validation.name(name), zone=validation.zone(zone))


def set_undo_seconds(conn: Connection, person: Person, seconds: int | None) -> None:
    """Changes the person's wait before sending; None: the installation's."""
    _set(conn, person.id, undo_seconds=seconds)


def set_role(conn: Connection, person: Person, role: str) -> None:
    """Changes the role; raises Conflict for the last admin."""
    wanted = validation.role(role)
    if wanted != "admin":
        _another_admin(conn, person)
    _set(conn, person.id, role=wanted)


def set_password(conn: Connection, person: Person, password_hash: str) -> None:
    """Stores a new password and ends what the old one could make: all sessions and tokens."""
    _set(conn, person.id, password=password_hash)
    sign_out_everywhere(conn, person)
    links.withdraw(conn, person.id)


def disable(conn: Connection, person: Person) -> None:
    """Ends a person's access at once, tokens too; what they made stays. Raises Conflict for the last admin."""
    _another_admin(conn, person)
    _set(conn, person.id, disabled=now())
    sign_out_everywhere(conn, person)
    links.withdraw(conn, person.id)


def sign_out_everywhere(conn: Connection, person: Person, keep: str | None = None) -> None:
    """Ends a person's tokens, and their sessions but the one whose hash is `keep`."""
    sessions.end_all(conn, person.id, keep)
    tokens.end_all(conn, person.id)


def enable(conn: Connection, person: Person) -> None:
    """Lets a person sign in again with the password they had; their sessions and tokens stay ended."""
    _set(conn, person.id, disabled=None)


def _set(conn: Connection, person_id: int, **values: object) -> None:
    if conn.execute(update(p).where(p.c.id == person_id).values(**values)).rowcount == 0:
        raise NotFound("There is no such person.")
    mark_changed(conn)


def _another_admin(conn: Connection, person: Person) -> None:
    # FOR UPDATE, on PostgreSQL: otherwise two admins could demote each other at the same moment.
    admins = set(conn.execute(select(p.c.id).where(people.IS_ACTING_ADMIN).with_for_update()).scalars())
    if admins == {person.id}:
        raise Conflict(f"{person.name} is the only admin. Make another person an admin first.", "role")
