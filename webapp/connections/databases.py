"""The databases that an admin connected; their addresses are sealed and leave this module only towards a connection."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, delete, select

from webapp.clock import now
from webapp.crypto import SecretBox
from webapp.db import schema
from webapp.db.upsert import save_unique
from webapp.errors import Conflict, NotFound, UserError
from webapp.ports.names import read_name
from webapp.ports.values import whole_number
from webapp.reports.reading import sql

s, q = schema.source, schema.query
GONE = "This database is not there any more."
TAKEN = "Another database has this name already."
IN_USE = "The saved queries {} use it. Remove them first."
LONGEST = 600  # seconds


@dataclass(frozen=True)
class Source:
    """`shown` is its address without user and password; `seconds`: how long a statement may take."""

    id: int
    name: str
    shown: str
    seconds: int


def listing(conn: Connection) -> Sequence[Source]:
    columns = (s.c.id, s.c.name, s.c.shown, s.c.seconds)
    return [Source(*row) for row in conn.execute(select(*columns).order_by(s.c.name))]


def url_of(conn: Connection, seal: SecretBox, source_id: int) -> tuple[str, int]:
    """Its address, and the seconds that a statement may take; NotFound where it was removed."""
    row = conn.execute(select(s.c.url, s.c.seconds).where(s.c.id == source_id)).first()
    if row is None:
        raise NotFound(GONE)
    return seal.open(row.url), row.seconds


def read_entry(name: str, url: str, seconds: str, data_dir: Path, *, is_new: bool) -> dict[str, object]:
    """What was typed for one, fit to be stored; without an address the stored one stays. UserError beside its field."""
    values: dict[str, object] = {"name": read_name(name), "seconds": _seconds(seconds)}
    if url.strip():
        known = sql.read_url(url, data_dir)
        values |= {"url": known.render_as_string(hide_password=False), "shown": sql.masked(known)[:400]}
    elif is_new:
        raise UserError("Write the address of the database.", "url")
    return values


def _seconds(text: str) -> int:
    try:
        return whole_number(text, 1, LONGEST)
    except ValueError:
        raise UserError(f"Write a number of seconds, 1 to {LONGEST}.", "seconds") from None


def save(conn: Connection, seal: SecretBox, source_id: int, values: dict[str, object]) -> int:
    """Enters a new one (id 0) or changes one; UserError where its name is taken."""
    stored = dict(values)
    if "url" in stored:
        stored["url"] = seal.close(str(stored["url"]))
    return save_unique(conn, s, source_id, stored, taken=TAKEN, gone=GONE, only_new={"created": now()})


def remove(conn: Connection, source_id: int) -> None:
    """Conflict while a saved query uses it."""
    names = conn.execute(select(q.c.name).where(q.c.source == source_id).order_by(q.c.name)).scalars().all()
    if names:
        raise Conflict(IN_USE.format(", ".join(f"“{name}”" for name in names[:5])))
    conn.execute(delete(s).where(s.c.id == source_id))
