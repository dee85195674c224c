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

from webapp import __version__
from webapp.clock import now
from webapp.db import schema
from webapp.db.migrate import bring_up_to_date
from webapp.db.types import Utc
from webapp.engine.worker_locks import living
from webapp.errors import UserError
from webapp.installation import Installation
from webapp.ports.delivery_state import DeliveryState
from webapp.tasks.holds import HoldReason
from webapp.tasks.ledger.delivery_state import may_become
from webapp.tasks.model import ACTIVE, State

FORMAT = 1
BATCH = 500  # rows
LEFT_OUT = {"session", "login_failure", "link", "pace", "version"}  # of the moment: nobody misses them after a restore
STORED = re.compile(r"files/([0-9a-f]{32}(?:\.parquet)?)")
TABLES = [table for table in schema.metadata.sorted_tables if table.name not in LEFT_OUT]


def backup(installation: Installation, path: Path) -> None:
    """Writes the archive; it is there whole, readable by its owner only, or not at all."""
    part = path.with_name(path.name + ".part")
    try:
        with (
            part.open("xb") as out,
            tarfile.open(fileobj=out, mode="w:gz", compresslevel=3) as tar,
            installation.read() as conn,
        ):
            part.chmod(0o600)
            revision = MigrationContext.configure(conn).get_current_revision()
            manifest = {"format": FORMAT, "version": __version__, "revision": revision, "made": now().isoformat()}
            content = json.dumps(manifest).encode()
            tar.addfile(_entry("outtray.json", len(content)), io.BytesIO(content))
            for table in TABLES:
                _add_table(tar, conn, table)
            _add_files(tar, installation)
        part.replace(path)
    except FileExistsError:
        raise UserError(
            f"Another backup to {path} is under way, or was broken off: remove {part.name} first."
        ) from None
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def restore(installation: Installation, path: Path) -> dict[str, int]:
    """Reads an archive into an empty installation; returns the number of rows per table.

    Tasks that waited or ran are held, and what was being sent is unknown: nothing is sent by a restore.
    """
    _require_empty(installation)
    try:
        with tarfile.open(path, "r:gz") as tar:
            _read_manifest(tar)
            _take_files(tar, installation)
            with installation.write() as conn:
                numbers = {table.name: _load(conn, tar, table) for table in TABLES}
                _hold(conn)
                _count_on(conn)
    except (tarfile.TarError, EOFError, KeyError, json.JSONDecodeError) as error:
        raise UserError(f"{path} is not a whole backup of Outtray ({type(error).__name__}).") from None
    return numbers


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
    for name in ("secret.key", "log.txt"):
        if (installation.data_dir / name).exists():
            tar.add(installation.data_dir / name, name)


def _require_empty(installation: Installation) -> None:
    if living(installation.run_dir):
        raise UserError("Outtray is running on this data directory. Stop it first.")
    bring_up_to_date(installation.database)
    with installation.read() as conn:
        if conn.execute(select(func.count()).select_from(schema.person)).scalar_one():
            raise UserError("There is a panel here already. Restore into an empty data directory and database.")


def _read_manifest(tar: tarfile.TarFile) -> None:
    manifest = json.load(_open(tar, "outtray.json"))
    if manifest.get("format") != FORMAT:
        raise UserError(f"This backup was made by Outtray {manifest.get('version')}; this one cannot read it.")


def _open(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    handle = tar.extractfile(name)
    if handle is None:
        raise KeyError(name)
    return handle


def _take_files(tar: tarfile.TarFile, installation: Installation) -> None:
    for entry in tar:
        stored = STORED.fullmatch(entry.name)
        if not entry.isfile() or not (stored or entry.name in ("secret.key", "log.txt")):
            continue
        target = installation.store.path(stored[1]) if stored else installation.data_dir / entry.name
        with target.open("wb") as out:
            target.chmod(0o600)
            shutil.copyfileobj(_open(tar, entry.name), out)


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
