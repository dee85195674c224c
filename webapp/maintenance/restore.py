"""Reads an archive into an empty installation: all of it, after all of it is known to be good, or nothing."""

import itertools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, insert, inspect, select, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError

from webapp import atomic
from webapp.clock import now
from webapp.db import schema
from webapp.db.connect import Database
from webapp.db.migrate import bring_up_to_date
from webapp.db.sequences import count_on
from webapp.errors import UserError
from webapp.files.store import Store
from webapp.files.uploads import TYPED
from webapp.identity import installation_id, sealed_key, secret_key
from webapp.maintenance import archive_rows
from webapp.maintenance.archive import KEY, LOG, LOST, TABLES, BrokenArchive, Unpacked, unpack
from webapp.maintenance.archive_rows import MOST_ID
from webapp.paths import MIGRATIONS
from webapp.ports.delivery_state import DeliveryState
from webapp.settings import Settings
from webapp.tasks.holds import HoldReason
from webapp.tasks.ledger.delivery_state import may_become
from webapp.tasks.model import ACTIVE, State

BATCH = 500  # rows
NOT_EMPTY = "There is a panel here already. Restore into an empty data directory and database."
OTHER_KEY = (
    "This backup was made with another key, by which its passwords are encrypted. Nothing was restored. Set "
    "OUTTRAY_SECRET_KEY to the key of the installation that it was made on, and restore it again."
)
NO_KEY = (
    "This backup does not hold the key by which its passwords are encrypted. Nothing was restored. Set "
    "OUTTRAY_SECRET_KEY to the key of the installation that it was made on, or put its secret.key into {}."
)
LOCKED_KEY = (
    "The key in this backup is encrypted. Nothing was restored. Set OUTTRAY_BACKUP_PASSPHRASE to the passphrase that "
    "it was made with, or OUTTRAY_SECRET_KEY to the key itself."
)
OTHER_WORDS = (
    "OUTTRAY_BACKUP_PASSPHRASE is not the passphrase that this backup was made with. Nothing was restored. Set it, or "
    "OUTTRAY_SECRET_KEY, to that of the installation that it was made on."
)
NEWER = "This backup was made by another version of Outtray ({}). Nothing was restored. Install that version."
_CHECK_VALUE = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Target:
    """The empty installation that an archive is restored into."""

    settings: Settings
    database: Database
    store: Store


def restore(settings: Settings, database: Database, path: Path) -> dict[str, int]:
    """Restores an archive into an empty installation; returns the number of rows per table.

    Tasks that waited or ran are held, and what was being sent is unknown: nothing is sent by a restore. Raises
    UserError, and leaves everything as it was, if the archive is damaged or the key is another one.
    """
    _require_empty(database)
    target = Target(settings, database, Store(settings.data_dir / "files"))
    with target.store.scratch() as folder:
        unpacked = unpack(path, folder, target.store.free_bytes)
        manifest = _Manifest.of(unpacked)
        key = _key(manifest, unpacked, settings)
        files = _check_rows(manifest, unpacked)
        numbers = _write(target, unpacked, manifest, key, files)
        if unpacked.has(LOG):
            atomic.move(unpacked.path(LOG), settings.data_dir / LOG)
    return numbers


@dataclass(frozen=True)
class _Manifest:
    """What an archive says of itself, in the types that it should have."""

    key_check: str
    last_ids: dict[str, int]
    lost_files: frozenset[str]

    @classmethod
    def of(cls, unpacked: Unpacked) -> "_Manifest":
        content = unpacked.manifest
        check, last, lost = content.get("key_check"), content.get("last_ids"), unpacked.json(LOST)
        if not (isinstance(check, str) and _CHECK_VALUE.fullmatch(check)):
            raise BrokenArchive("it does not say which key it needs")
        if not isinstance(last, dict) or not all(_is_id(value) for value in last.values()):
            raise BrokenArchive("its last ids are wrong")
        if not isinstance(lost, list) or not all(isinstance(name, str) for name in lost):
            raise BrokenArchive("its list of lost files is wrong")
        _require_known_version(content.get("revision"))
        return cls(check, {name: last[name] for name in last}, frozenset(lost))


def _is_id(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MOST_ID


def _require_known_version(revision: Any) -> None:
    known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if not isinstance(revision, str) or revision not in known:
        raise UserError(NEWER.format(f"database {revision}" if re.fullmatch(r"\w{1,40}", str(revision)) else "?"))


def _require_empty(database: Database) -> None:
    with database.read() as conn:
        if not inspect(conn).has_table(schema.person.name):
            return
        if conn.execute(select(func.count()).select_from(schema.person)).scalar_one():
            raise UserError(NOT_EMPTY)


def _key(manifest: _Manifest, unpacked: Unpacked, settings: Settings) -> bytes:
    """Returns the key by which the passwords in the archive are encrypted; raises UserError if it is not at hand."""
    here = secret_key.load(settings)
    if here is not None and secret_key.check_value(here) == manifest.key_check:
        return here
    if settings.secret_key:
        raise UserError(OTHER_KEY)
    if not unpacked.has(KEY):
        raise UserError(NO_KEY.format(settings.data_dir))
    if not settings.backup_passphrase:
        raise UserError(LOCKED_KEY)
    key = sealed_key.unseal(unpacked.content(KEY), settings.backup_passphrase)
    if key is None:
        raise UserError(OTHER_WORDS)
    if secret_key.check_value(key) != manifest.key_check:
        raise BrokenArchive("the key in it is not the one that it needs")
    return key


def _check_rows(manifest: _Manifest, unpacked: Unpacked) -> set[str]:
    """Reads every row of every table; returns the storage names of the files to move in."""
    files: set[str] = set()
    for table in TABLES:
        name = f"tables/{table.name}.jsonl"
        if not unpacked.has(name):
            raise BrokenArchive(f"{name} is missing")
        for row in archive_rows.read(table, unpacked.path(name)):
            if "storage" in table.c and row["storage"] not in manifest.lost_files and not row.get("deleted"):
                files |= _files_of(unpacked, table.name, row)
    return files


def _files_of(unpacked: Unpacked, table: str, row: dict[str, Any]) -> set[str]:
    storage, member = row["storage"], f"files/{row['storage']}"
    if not unpacked.has(member):
        raise BrokenArchive(f"the {table} {row['id']!a} is not in it")
    if (unpacked.sizes[member], unpacked.sums[member]) != (row["size"], row["sha256"]):
        raise BrokenArchive(f"the {table} {row['id']!a} was changed")
    return {name for name in (storage, storage + TYPED) if unpacked.has(f"files/{name}")}


def _write(target: Target, unpacked: Unpacked, manifest: _Manifest, key: bytes, files: set[str]) -> dict[str, int]:
    """Writes everything that changes the installation."""
    settings, database = target.settings, target.database
    if secret_key.load(settings) != key:
        secret_key.propose(settings, key)
    bring_up_to_date(database)
    installation_id.ensure(settings, database, key)
    taken: list[str] = []
    try:
        for storage in sorted(files):
            taken.append(storage)
            target.store.put(unpacked.path(f"files/{storage}"), storage)
        with database.write(lambda number: None) as conn:
            numbers = _insert_all(conn, unpacked)
            _hold(conn)
            count_on(conn, TABLES, manifest.last_ids)
            installation_id.record_key(conn, key)
    except BaseException as error:
        for storage in taken:
            target.store.remove(storage)
        if isinstance(error, IntegrityError | DataError) or _is_of_values(error):
            raise BrokenArchive(f"the database refuses its rows ({_first_line(error)})") from None
        raise
    secret_key.finish_change(settings, database)
    return numbers


def _insert_all(conn: Connection, unpacked: Unpacked) -> dict[str, int]:
    numbers = {}
    for table in TABLES:
        rows = archive_rows.read(table, unpacked.path(f"tables/{table.name}.jsonl"))
        numbers[table.name] = 0
        while batch := list(itertools.islice(rows, BATCH)):
            conn.execute(insert(table), batch)
            numbers[table.name] += len(batch)
    return numbers


def _hold(conn: Connection) -> None:
    t, d = schema.task, schema.delivery
    held = {"state": State.HELD, "hold_reason": HoldReason.RESTORED}
    active = update(t).where(t.c.state.in_(ACTIVE))
    conn.execute(active.values(**held, worker=None, requested=None, undo_until=None))
    in_flight = update(d).where(may_become(DeliveryState.UNKNOWN))
    conn.execute(in_flight.values(state=DeliveryState.UNKNOWN, updated=now()))


def _is_of_values(error: BaseException) -> bool:
    """Returns True if a value did not even reach the database."""
    return isinstance(error, StatementError) and not isinstance(error, DBAPIError)


def _first_line(error: BaseException) -> str:
    lines = str(getattr(error, "orig", None) or type(error).__name__).splitlines()
    return lines[0][:120] if lines else type(error).__name__
