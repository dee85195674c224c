"""Sessions of browsers: the cookie is random, the database knows its SHA-256 only.

A session ends 14 days after it was last used, and 90 days after it began in any case.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from webapp.accounts import people, secrets
from webapp.clock import now
from webapp.db import schema, time_check
from webapp.db.connect import mark_changed
from webapp.errors import NotFound
from webapp.ports.people import Person
from webapp.settings import Settings

IDLE = timedelta(days=14)
LIFE = timedelta(days=90)
SEEN_EVERY = timedelta(minutes=5)  # a write at each page would be one too many
LONGEST_AGENT = 300  # characters
_ID_LENGTH = 16

s, p = schema.session, schema.person


@dataclass(frozen=True, kw_only=True)
class Session:
    """A live session and whose it is."""

    hash: str
    person: Person
    created: datetime
    seen: datetime
    expires: datetime
    agent: str

    @property
    def id(self) -> str:
        """Names it on a page; nobody can make a cookie of it."""
        return self.hash[:_ID_LENGTH]

    @property
    def until(self) -> datetime:
        """When it ends if nothing more is done."""
        return min(self.expires, self.seen + IDLE)

    @property
    def is_stale(self) -> bool:
        """True if its use should be noted again; also if that was in the future, before the clock was set back."""
        return abs(now() - self.seen) > SEEN_EVERY


def start(conn: Connection, person_id: int, agent: str = "") -> str:
    """Enters a new session; returns the value of its cookie. `agent`: at most LONGEST_AGENT characters."""
    moment, cookie = now(), secrets.new()
    if time_check.look(conn).is_believed:  # a clock that is ahead must not sign everyone out for good
        conn.execute(delete(s).where((s.c.expires < moment) | (s.c.seen < moment - IDLE)))
    values = {"created": moment, "seen": moment, "expires": moment + LIFE, "agent": agent[:LONGEST_AGENT]}
    conn.execute(insert(s).values(hash=secrets.digest(cookie), person=person_id, **values))
    return cookie


def find(conn: Connection, settings: Settings, cookie: str) -> Session | None:
    """Returns the live session of that cookie; None if there is none, or if its person is disabled."""
    found = _live(conn, settings, s.c.hash == secrets.digest(cookie))
    return found[0] if found else None


def of_person(conn: Connection, settings: Settings, person_id: int) -> list[Session]:
    """Returns the live sessions of a person, the latest used first."""
    return _live(conn, settings, s.c.person == person_id)


def touch(conn: Connection, session: Session) -> None:
    """Notes that it was used just now."""
    conn.execute(update(s).where(s.c.hash == session.hash).values(seen=now()))


def end(conn: Connection, cookie: str) -> None:
    """Ends the session of that cookie, if there is one."""
    conn.execute(delete(s).where(s.c.hash == secrets.digest(cookie)))
    mark_changed(conn)


def end_one(conn: Connection, person_id: int, session_id: str) -> None:
    """Ends one session of a person by its id; raises NotFound if it has ended already."""
    named = s.c.hash.startswith(session_id, autoescape=True)
    ended = conn.execute(delete(s).where(s.c.person == person_id, named)) if len(session_id) == _ID_LENGTH else None
    if ended is None or ended.rowcount == 0:
        raise NotFound("This session has ended already.")
    mark_changed(conn)


def end_all(conn: Connection, person_id: int, keep: str | None = None) -> None:
    """Ends all sessions of a person but the one whose hash is `keep`."""
    conn.execute(delete(s).where(s.c.person == person_id, s.c.hash != (keep or "")))
    mark_changed(conn)


def _live(conn: Connection, settings: Settings, which: ColumnElement[bool]) -> list[Session]:
    moment = now()
    is_live = (s.c.expires > moment) & (s.c.seen > moment - IDLE) & p.c.disabled.is_(None)
    mine = [s.c.hash, s.c.created.label("began"), s.c.seen, s.c.expires, s.c.agent]
    query = select(p, *mine).join(s, s.c.person == p.c.id).where(which, is_live).order_by(s.c.seen.desc())
    return [
        Session(
            hash=row.hash,
            person=people.to_person(row, settings),
            created=row.began,
            seen=row.seen,
            expires=row.expires,
            agent=row.agent,
        )
        for row in conn.execute(query)
    ]
