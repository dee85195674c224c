"""The databases that an admin connected; their URLs are encrypted and leave this module only for a connection."""

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
from webapp.reports.reading import database_address

s, q = schema.source, schema.query
GONE = "This database is not there any more."
TAKEN = "Another database has this name already."
IN_USE = "The saved queries {} use it. Remove them first."
LONGEST = 600  # seconds


@dataclass(frozen=True, kw_only=True)
class DatabaseRecord:
    """`address` is without user and password; `seconds`: how long a statement may take."""

    id: int
    name: str
    address: str
    seconds: int


def listing(conn: Connection) -> Sequence[DatabaseRecord]:
    """Returns all databases, by name."""
    query = select(s.c.id, s.c.name, s.c.shown.label("address"), s.c.seconds)
    return [DatabaseRecord(**row._mapping) for row in conn.execute(query.order_by(s.c.name))]


def url_of(conn: Connection, box: SecretBox, source_id: int) -> tuple[str, int]:
    """Returns its URL and the seconds that a statement may take; raises NotFound if it is gone."""
    row = conn.execute(select(s.c.url, s.c.seconds).where(s.c.id == source_id)).first()
    if row is None:
        raise NotFound(GONE)
    return box.decrypt(row.url), row.seconds


def read_entry(*, name: str, url: str, seconds: str, data_dir: Path, is_new: bool) -> dict[str, object]:
    """Returns what was typed, ready to be stored; an empty `url` keeps the stored one. Raises UserError by field."""
    values: dict[str, object] = {"name": read_name(name), "seconds": _seconds(seconds)}
    if url.strip():
        known = database_address.read_url(url, data_dir)
        values |= {"url": known.render_as_string(hide_password=False), "shown": database_address.masked(known)[:400]}
    elif is_new:
        raise UserError("Write the address of the database.", "url")
    return values


def _seconds(text: str) -> int:
    try:
        return whole_number(text, 1, LONGEST)
    except ValueError:
        raise UserError(f"Write a number of seconds, 1 to {LONGEST}.", "seconds") from None


def save(conn: Connection, box: SecretBox, source_id: int, values: dict[str, object]) -> int:
    """Adds a database (id 0) or changes one, and returns its id; raises UserError if its name is taken."""
    stored = dict(values)
    if "url" in stored:
        stored["url"] = box.encrypt(str(stored["url"]))
    return save_unique(conn, s, source_id, stored, taken=TAKEN, gone=GONE, only_new={"created": now()})


def remove(conn: Connection, source_id: int) -> None:
    """Deletes a database; raises Conflict while a saved query uses it, NotFound if it is gone."""
    names = conn.execute(select(q.c.name).where(q.c.source == source_id).order_by(q.c.name)).scalars().all()
    if names:
        raise Conflict(IN_USE.format(", ".join(f"“{name}”" for name in names[:5])))
    if conn.execute(delete(s).where(s.c.id == source_id)).rowcount == 0:
        raise NotFound(GONE)
