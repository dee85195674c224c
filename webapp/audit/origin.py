"""Who acts, and from where: set once per request or command, read by every entry of the audit trail.

A request's guards may run in threads with a copy of its context. So its context variable holds an object that they
change, and whose changes the route sees.
"""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from webapp.ports.people import Person

BY_LINK = "recipient, by link"
UNKNOWN = "not signed in"
SYSTEM = "Outtray"
LONGEST = 400


@dataclass
class Origin:
    """Who acts: a person, or `actor` where it is none; the network address; the id of the session or token."""

    actor: str
    person: int | None = None
    network: str = ""
    session: str = ""

    def is_person(self, person: Person, session: str = "") -> None:
        """Notes that a person acts, known by a session, by a token (`session` names it), or by a password."""
        self.actor, self.person, self.session = named(person), person.id, session

    def is_holder_of_link(self, person: Person) -> None:
        """Notes that the holder of a one-time link acts."""
        self.is_person(person, "link")

    def is_recipient(self) -> None:
        """Notes that a recipient acts by the link in a message."""
        self.actor, self.person = BY_LINK, None

    def is_webhook(self, name: str, hook_id: int) -> None:
        self.actor, self.person, self.session = f"webhook {name}"[:LONGEST], None, f"webhook {hook_id}"


_current: ContextVar[Origin | None] = ContextVar("audit_origin", default=None)


def named(person: Person) -> str:
    """Returns a person's name and address as they are now: both may change."""
    return f"{person.name} <{person.email}>"[:LONGEST] if person.name else person.email


def current() -> Origin:
    """Returns who acts now; outside of a request and a command it is Outtray itself."""
    return _current.get() or Origin(SYSTEM)


@contextmanager
def acting(origin: Origin) -> Iterator[Origin]:
    """Makes this the origin of what is recorded in the block."""
    before = _current.set(origin)
    try:
        yield origin
    finally:
        _current.reset(before)


def of_request(network: str) -> Origin:
    """Returns the origin of a request before its guards have looked at it."""
    return Origin(UNKNOWN, network=network[:64])


def of_command() -> Origin:
    """Returns the origin of a command: the user of the operating system who runs it."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container may run as a number without a name
        name = str(os.getuid())
    return Origin(f"command line ({name})"[:LONGEST])


def of_person(person: Person) -> Origin:
    """Returns the origin of what a person does outside of a request."""
    origin = Origin("")
    origin.is_person(person)
    return origin
