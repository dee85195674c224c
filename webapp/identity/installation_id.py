"""The id of an installation, kept in its data directory and in its database: neither is used with another's.

Both get it together: a proposal in the data directory, then the row of the database, then the proposal becomes the
file. A process that dies in between leaves what the next start needs to finish.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, insert, inspect, select, text, update

from webapp import atomic
from webapp.clock import now
from webapp.db import schema
from webapp.db.connect import Database
from webapp.errors import UserError
from webapp.identity import secret_key
from webapp.settings import Settings

NAME, PROPOSED = "installation.id", "installation.id.new"
WHOLE = re.compile(r"[0-9a-f]{32}\n?")
BROKEN = "{} does not hold the id of an installation. Put the file back from a backup, or delete it and start again."
FRESH = (
    "The database belongs to the installation {there}, but the data directory {folder} is new: files and key are "
    "elsewhere. Set OUTTRAY_DATA_DIR to the directory of that installation; if it is lost, run: outtray adopt"
)
OTHER = (
    "The data directory {folder} belongs to the installation {here}, but the database to the installation {there}. "
    "Set OUTTRAY_DATA_DIR and OUTTRAY_DATABASE_URL to those of one installation; if they are, run: outtray adopt"
)
EMPTY = (
    "The data directory {folder} belongs to the installation {here}, but the database is new. Set OUTTRAY_DATABASE_URL "
    "to the database of that installation, or restore a backup into an empty data directory; to go on with the new "
    "database, run: outtray adopt"
)
_ADVISORY_LOCK = 7_301_956  # only ours in this database, beside that of db/migrate.py
i = schema.installation


@dataclass(frozen=True)
class Found:
    """The ids that data directory and database hold now; empty if there is none. `proposed` is not yet the file."""

    here: str
    proposed: str
    there: str

    def require_match(self, folder: Path) -> None:
        """Raises UserError, which names both and the way out, if they belong to different installations."""
        if self.here == self.there or (self.there and self.proposed == self.there):
            return
        message = EMPTY if not self.there else OTHER if self.here else FRESH
        raise UserError(message.format(folder=folder, here=self.here, there=self.there))


def verify(settings: Settings, database: Database) -> None:
    """Raises UserError if data directory and database belong to different installations; changes nothing."""
    with database.read() as conn:
        found = _look(conn, settings.data_dir)
    if not found.there or found.there != found.here:  # perhaps seen while another process was creating it
        with _alone(database) as conn:
            found = _look(conn, settings.data_dir)
    found.require_match(settings.data_dir)


def establish(settings: Settings, database: Database, key: bytes) -> None:
    """Gives a new installation its id; raises UserError if id or key are not those of the database."""
    secret_key.require_same(settings, key, ensure(settings, database, key))


def ensure(settings: Settings, database: Database, key: bytes) -> str:
    """Gives a new installation its id; returns by what the database recognises its key, which may be another one.

    Raises UserError if data directory and database belong to different installations.
    """
    verify(settings, database)
    with database.read() as conn:
        row = _row(conn)
    if row is None:
        with _alone(database) as conn:
            row = _row(conn) or _create(conn, settings.data_dir, key)
    _confirm(settings.data_dir, row.uuid)
    return str(row.key_check)


def adopt(settings: Settings, database: Database, key: bytes) -> None:
    """Makes data directory, database and key those of one installation, whatever they were before."""
    folder = settings.data_dir
    with _alone(database) as conn:
        found = _look(conn, folder)
        uuid = found.there or found.here or secrets.token_hex(16)
        atomic.write(folder / PROPOSED, uuid.encode())
        same = {"uuid": uuid, "key_check": secret_key.check_value(key)}
        if conn.execute(update(i).values(same)).rowcount == 0:
            conn.execute(insert(i).values(id=1, created=now(), **same))
    _confirm(folder, uuid)


def record_key(conn: Connection, key: bytes) -> None:
    """Says that the database is used with this key from now on."""
    conn.execute(update(i).values(key_check=secret_key.check_value(key)))


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    """Yields a transaction beside which no other process creates or adopts this installation."""
    with database.write(lambda number: None) as conn:
        if not database.is_sqlite:
            conn.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        yield conn


def _look(conn: Connection, folder: Path) -> Found:
    # The proposal first: it becomes the file outside of the transaction.
    proposed, here = _read(folder / PROPOSED), _read(folder / NAME)
    row = _row(conn)
    return Found(here, proposed, row.uuid if row else "")


def _row(conn: Connection) -> Row[Any] | None:
    """Returns None for a new database, and for one of a version without an id."""
    if not inspect(conn).has_table(i.name):
        return None
    return conn.execute(select(i)).first()


def _read(path: Path) -> str:
    try:
        content = path.read_text("ascii", errors="replace")
    except FileNotFoundError:
        return ""
    if not WHOLE.fullmatch(content):
        raise UserError(BROKEN.format(path))
    return content.strip()


def _create(conn: Connection, folder: Path, key: bytes) -> Row[Any]:
    """Returns the new row; its id is in the data directory before it is in the database."""
    found = _look(conn, folder)
    found.require_match(folder)
    uuid = found.proposed or secrets.token_hex(16)
    atomic.write(folder / PROPOSED, uuid.encode())
    new = insert(i).values(id=1, uuid=uuid, key_check=secret_key.check_value(key), created=now())
    return conn.execute(new.returning(i)).one()


def _confirm(folder: Path, uuid: str) -> None:
    """Makes the proposal the file, once the database holds the same."""
    try:
        if _read(folder / PROPOSED) == uuid:
            atomic.move(folder / PROPOSED, folder / NAME)
    except FileNotFoundError:  # another process was quicker
        return
