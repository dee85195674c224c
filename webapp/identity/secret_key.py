"""The installation's key: from the environment, or made once beside the data; never another than the database knows."""

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
    found = load(settings)
    if found is None and _is_in_use(database):
        raise UserError(MISSING.format(settings.data_dir / NAME))
    return found or make(settings)


def verify(settings: Settings, database: Database) -> None:
    """Raises UserError for a key that is missing, not whole, or not the one of the database; changes nothing."""
    found = load(settings)
    if found is None and _is_in_use(database):
        raise UserError(MISSING.format(settings.data_dir / NAME))
    with database.read() as conn:
        is_known = found is not None and inspect(conn).has_table(i.name)
        check = conn.execute(select(i.c.key_check)).scalar() if is_known else None
    if found is not None:
        require_same(settings, found, check or "")


def load(settings: Settings) -> bytes | None:
    """Returns the 32 bytes; None if there are none yet. Raises UserError for a file that holds anything else."""
    if settings.secret_key:
        return hashlib.sha256(settings.secret_key.encode()).digest()
    path = settings.data_dir / NAME
    try:
        return read(path, path.read_bytes())
    except FileNotFoundError:
        return None


def make(settings: Settings) -> bytes:
    """Makes the file; processes that do so at once agree on one key."""
    path = settings.data_dir / NAME
    return read(path, atomic.write_once(path, secrets.token_hex(32).encode()))


def replace(settings: Settings, content: bytes) -> bytes:
    """Makes this the file, as a restore brings it; returns the 32 bytes."""
    key = read(settings.data_dir / NAME, content)
    atomic.write(settings.data_dir / NAME, content)
    return key


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


def _is_in_use(database: Database) -> bool:
    with database.read() as conn:
        if not inspect(conn).has_table("person"):
            return False
        if conn.execute(select(exists().select_from(schema.person))).scalar():
            return True
        return inspect(conn).has_table(i.name) and conn.execute(select(i.c.id)).first() is not None
