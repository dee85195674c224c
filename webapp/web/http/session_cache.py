"""Remembers who was signed in while the database does not change, so that a poll can answer 204 without a query."""

import threading
from datetime import datetime

from webapp.accounts.sessions import Session
from webapp.clock import now
from webapp.ports.people import Person

MOST = 10_000  # sessions


class SessionCache:
    """Sessions as they were at one version of the database; a newer version forgets them all.

    It may only decide on a 204: before anything is shown, the session is looked up in the database.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: tuple[int, dict[str, tuple[Person, datetime]]] = (-1, {})

    def keep(self, version: int, session: Session) -> None:
        """Notes a session that was read at that version, or at a later one."""
        with self._lock:
            at, known = self._seen
            if version > at or len(known) >= MOST:
                known = {}
            if version >= at:
                known[session.hash] = (session.person, session.until)
                self._seen = (version, known)

    def find(self, version: int, session_hash: str) -> Person | None:
        """Returns the person of the session, if nothing has changed since and it cannot have expired."""
        at, known = self._seen
        person, until = known.get(session_hash, (None, None))
        return person if at == version and until and until > now() else None
