"""The installation's key: from the environment, or made once beside the data; never another than the database knows."""

import contextlib
import hashlib
import hmac
import re
import secrets
from pathlib import Path

from sqlalchemy import exists, inspect, select

from webapp import atomic
from webapp.crypto import derive
from webapp.db import schema
from webapp.db.connect import Database
from webapp.errors import UserError
from webapp.settings import Settings

NAME = "secret.key"
PROPOSED = "secret.key.new"  # becomes the file once the database is used with it
i = schema.installation
WHOLE = re.compile(r"[0-9A-Fa-f]{64}\n?")
BROKEN = (
    "{} does not hold a whole key of 64 hexadecimal digits. Put the file back from a backup; if there is none, delete "
    "it and start again."
)
MISSING = (
    "{} is missing, and the database is in use. Put the file back, or set OUTTRAY_SECRET_KEY to the key that was used; "
    "if the key is lost, run: outtray adopt"
)
OTHER = (
    "{} is not the key that this database was made with. Put the former key back; if it is lost, run: outtray adopt "
    "(stored passwords must then be entered again)"
)


def load_or_make(settings: Settings, database: Database) -> bytes:
    """Returns the 32 bytes; makes them for a database that is not in use, else raises UserError if they are missing."""
    finish_change(settings, database)
    found = load(settings)
    if found is None and _is_in_use(database):
        raise UserError(MISSING.format(settings.data_dir / NAME))
    return found or make(settings)


def verify(settings: Settings, database: Database) -> None:
    """Raises UserError for a key that is missing, not whole, or not the one of the database; makes none."""
    finish_change(settings, database)
    found = load(settings)
    if found is None and _is_in_use(database):
        raise UserError(MISSING.format(settings.data_dir / NAME))
    if found is not None:
        require_same(settings, found, _stored_check(database))


def load(settings: Settings) -> bytes | None:
    """Returns the 32 bytes; None if there are none yet. Raises UserError for a file that holds anything else."""
    if settings.secret_key:
        return of_text(settings.secret_key)
    path = settings.data_dir / NAME
    try:
        return read(path, path.read_bytes())
    except FileNotFoundError:
        return None


def of_text(text: str) -> bytes:
    """Returns the 32 bytes of a key that is given as text, as OUTTRAY_SECRET_KEY holds it."""
    return hashlib.sha256(text.encode()).digest()


def make(settings: Settings) -> bytes:
    """Makes the file; processes that do so at once agree on one key."""
    path = settings.data_dir / NAME
    return read(path, atomic.write_once(path, secrets.token_hex(32).encode()))


def propose(settings: Settings, key: bytes) -> None:
    """Writes a key that becomes the file's when the database is used with it: call `finish_change` after the commit."""
    atomic.write(settings.data_dir / PROPOSED, key.hex().encode())


def finish_change(settings: Settings, database: Database) -> None:
    """Makes the proposed key the file, if the database is used with it; also after a process that died in between."""
    path = settings.data_dir / PROPOSED
    try:
        proposed = read(path, path.read_bytes())
    except FileNotFoundError:
        return
    except UserError:  # not written whole: the database cannot know it
        return
    if not settings.secret_key and hmac.compare_digest(_stored_check(database), check_value(proposed)):
        with contextlib.suppress(FileNotFoundError):  # another process was quicker
            atomic.move(path, settings.data_dir / NAME)


def read(path: Path, content: bytes) -> bytes:
    """Returns the 32 bytes of a key file's content; raises UserError if it is not a whole key."""
    text = content.decode("ascii", errors="replace")
    if not WHOLE.fullmatch(text):
        raise UserError(BROKEN.format(path))
    return bytes.fromhex(text)


def check_value(key: bytes) -> str:
    """Returns what the database stores to recognise the key, and from which nobody learns it."""
    return derive(key, "check").hex()


def require_same(settings: Settings, key: bytes, check: str) -> None:
    """Raises UserError if the database was made with another key; an empty `check` knows none."""
    if check and not hmac.compare_digest(check, check_value(key)):
        raise UserError(OTHER.format("OUTTRAY_SECRET_KEY" if settings.secret_key else settings.data_dir / NAME))


def _stored_check(database: Database) -> str:
    """Returns what the database recognises its key by; empty if it knows none."""
    with database.read() as conn:
        return (conn.execute(select(i.c.key_check)).scalar() or "") if inspect(conn).has_table(i.name) else ""


def _is_in_use(database: Database) -> bool:
    with database.read() as conn:
        if not inspect(conn).has_table("person"):
            return False
        if conn.execute(select(exists().select_from(schema.person))).scalar():
            return True
        return inspect(conn).has_table(i.name) and conn.execute(select(i.c.id)).first() is not None
