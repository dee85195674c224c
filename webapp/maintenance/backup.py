"""One archive with everything: rows of all tables as JSON lines, and the files; the same for both databases."""

import io
import itertools
import json
import re
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from alembic.migration import MigrationContext
from sqlalchemy import Connection, Table, func, insert, select, text, update

from webapp import __version__, atomic
from webapp.clock import now
from webapp.db import schema
from webapp.db.migrate import bring_up_to_date
from webapp.db.types import Utc
from webapp.errors import UserError
from webapp.identity import installation_id, secret_key
from webapp.installation import Installation
from webapp.ports.delivery_state import DeliveryState
from webapp.tasks.holds import HoldReason
from webapp.tasks.ledger.delivery_state import may_become
from webapp.tasks.model import ACTIVE, State

FORMAT = 1
MANIFEST, LOG = "outtray.json", "log.txt"
BATCH = 500  # rows
LEFT_OUT = {"session", "login_failure", "link", "pace", "version"}  # of the moment: nobody misses them after a restore
LEFT_OUT |= {"installation"}  # a restored installation is another one
OTHER_KEY = (
    "This backup was made with another key, by which its passwords are encrypted. Nothing was restored. Set "
    "OUTTRAY_SECRET_KEY to the key of the installation that it was made on, and restore it again."
)
DAMAGED = (tarfile.TarError, EOFError, KeyError, json.JSONDecodeError)
STORED = re.compile(r"files/([0-9a-f]{32}(?:\.parquet)?)")
TABLES = [table for table in schema.metadata.sorted_tables if table.name not in LEFT_OUT]


def backup(installation: Installation, path: Path) -> None:
    """Writes the archive; it is there whole, readable by its owner only, or not at all."""
    with (
        atomic.replacing(path) as part,
        tarfile.open(part, mode="w:gz", compresslevel=3) as tar,
        installation.read() as conn,
    ):
        content = json.dumps(_manifest(conn, installation)).encode()
        tar.addfile(_entry(MANIFEST, len(content)), io.BytesIO(content))
        for table in TABLES:
            _add_table(tar, conn, table)
        _add_files(tar, installation)


def restore(installation: Installation, path: Path) -> dict[str, int]:
    """Reads an archive into an empty installation; returns the number of rows per table.

    Tasks that waited or ran are held, and what was being sent is unknown: nothing is sent by a restore. Raises
    UserError, and leaves everything as it was, if the archive is damaged or was made with another key.
    """
    _require_empty(installation)
    taken: list[str] = []
    try:
        with tarfile.open(path, "r:gz") as tar:
            manifest = _read_manifest(tar)
            key = _take_files(tar, installation, taken)
            _require_key(manifest, installation, key)
            return _take_tables(tar, installation, key)
    except BaseException as error:
        for storage in taken:
            installation.store.remove(storage)
        if isinstance(error, DAMAGED):
            raise UserError(f"{path} is not a whole backup of Outtray ({type(error).__name__}).") from None
        raise


def _manifest(conn: Connection, installation: Installation) -> dict[str, Any]:
    revision = MigrationContext.configure(conn).get_current_revision()
    made, check = now().isoformat(), secret_key.check_value(installation.key)
    return {"format": FORMAT, "version": __version__, "revision": revision, "made": made, "key_check": check}


def _add_table(tar: tarfile.TarFile, conn: Connection, table: Table) -> None:
    with tempfile.TemporaryFile() as lines:  # a tar wants to know the size first, and a big table not to be in memory
        lines.writelines(_lines(conn, table))
        entry = _entry(f"tables/{table.name}.jsonl", lines.tell())
        lines.seek(0)
        tar.addfile(entry, lines)


def _lines(conn: Connection, table: Table) -> Iterator[bytes]:
    for row in conn.execute(select(table).execution_options(yield_per=BATCH)).mappings():
        yield json.dumps(dict(row), default=_to_text, ensure_ascii=False).encode() + b"\n"


def _to_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value)} does not go into a backup")


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime, entry.mode = size, int(now().timestamp()), 0o600
    return entry


def _add_files(tar: tarfile.TarFile, installation: Installation) -> None:
    for name, _ in installation.store.names():
        if STORED.fullmatch(f"files/{name}"):
            tar.add(installation.store.path(name), f"files/{name}")
    for name in (secret_key.NAME, LOG):
        if (installation.data_dir / name).exists():
            tar.add(installation.data_dir / name, name)


def _require_empty(installation: Installation) -> None:
    bring_up_to_date(installation.database)
    with installation.read() as conn:
        if conn.execute(select(func.count()).select_from(schema.person)).scalar_one():
            raise UserError("There is a panel here already. Restore into an empty data directory and database.")


def _read_manifest(tar: tarfile.TarFile) -> dict[str, Any]:
    manifest: dict[str, Any] = json.load(_open(tar, MANIFEST))
    if manifest.get("format") != FORMAT:
        raise UserError(f"This backup was made by Outtray {manifest.get('version')}; this one cannot read it.")
    return manifest


def _open(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    handle = tar.extractfile(name)
    if handle is None:
        raise KeyError(name)
    return handle


def _take_files(tar: tarfile.TarFile, installation: Installation, taken: list[str]) -> bytes | None:
    """Moves the files in and names them in `taken`; returns the content of the key file, which may be missing."""
    key = None
    for entry in tar:
        stored = STORED.fullmatch(entry.name)
        if entry.isfile() and entry.name == secret_key.NAME:
            key = _open(tar, entry.name).read()
        elif entry.isfile() and (stored or entry.name == LOG):
            target = installation.store.path(stored[1]) if stored else installation.data_dir / LOG
            with atomic.replacing(target) as part, part.open("wb") as out:
                shutil.copyfileobj(_open(tar, entry.name), out)
            taken += [stored[1]] if stored else []
    return key


def _require_key(manifest: dict[str, Any], installation: Installation, key: bytes | None) -> None:
    """Raises UserError if the installation will not have the key by which the passwords are encrypted."""
    from_file = secret_key.read(Path(secret_key.NAME), key) if key is not None else None
    used = installation.key if installation.settings.secret_key or from_file is None else from_file
    check = secret_key.check_value(used)
    if manifest.get("key_check", check) != check:  # an older version did not say it
        raise UserError(OTHER_KEY)


def _take_tables(tar: tarfile.TarFile, installation: Installation, key: bytes | None) -> dict[str, int]:
    with installation.write() as conn:
        numbers = {table.name: _load(conn, tar, table) for table in TABLES}
        _hold(conn)
        _count_on(conn)
        if key is not None and not installation.settings.secret_key:
            installation_id.record_key(conn, secret_key.replace(installation.settings, key))
    return numbers


def _load(conn: Connection, tar: tarfile.TarFile, table: Table) -> int:
    readers = {column.name: _reader(column.type) for column in table.c}
    rows = (_row(line, readers) for line in _open(tar, f"tables/{table.name}.jsonl"))
    number = 0
    while batch := list(itertools.islice(rows, BATCH)):
        conn.execute(insert(table), batch)
        number += len(batch)
    return number


def _reader(kind: Any) -> Callable[[Any], Any]:
    return datetime.fromisoformat if isinstance(kind, Utc) else lambda value: value


def _row(line: bytes, readers: dict[str, Callable[[Any], Any]]) -> dict[str, Any]:
    return {name: None if value is None else readers[name](value) for name, value in json.loads(line).items()}


def _hold(conn: Connection) -> None:
    t, d = schema.task, schema.delivery
    held = {"state": State.HELD, "hold_reason": HoldReason.RESTORED}
    active = update(t).where(t.c.state.in_(ACTIVE))
    conn.execute(active.values(**held, worker=None, requested=None, undo_until=None))
    in_flight = update(d).where(may_become(DeliveryState.UNKNOWN))
    conn.execute(in_flight.values(state=DeliveryState.UNKNOWN, updated=now()))


def _count_on(conn: Connection) -> None:
    """PostgreSQL goes on counting after the ids that were restored; SQLite does so by itself."""
    if conn.dialect.name == "sqlite":
        return
    for table in TABLES:
        key = table.c.get("id")
        if key is not None and not isinstance(key.type.python_type(), str):
            sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
            conn.execute(text(f"select setval({sequence}, greatest(1, (select max(id) from {table.name})))"))  # noqa: S608
