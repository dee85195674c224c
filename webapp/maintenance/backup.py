"""Writes one archive with everything: rows of all tables as JSON lines, and the files; the same for both databases."""

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from alembic.migration import MigrationContext
from sqlalchemy import Connection, Table, select

from webapp import __version__, atomic
from webapp.clock import now
from webapp.db import schema
from webapp.db.sequences import last_ids
from webapp.errors import NotFound
from webapp.files.store import Store
from webapp.files.uploads import TYPED
from webapp.identity import sealed_key, secret_key
from webapp.installation import Installation
from webapp.maintenance import archive_rows
from webapp.maintenance.archive import FORMAT, KEY, LOG, LOST, MANIFEST, TABLES, Writer

BATCH = 500  # rows


@dataclass(frozen=True)
class Report:
    """What the archive lacks: files whose bytes are missing or damaged, and rows that cannot be restored."""

    files: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)


def backup(installation: Installation, path: Path) -> Report:
    """Writes the archive; it is there whole, readable by its owner only, or not at all.

    The key of the installation goes with it only if OUTTRAY_BACKUP_PASSPHRASE encrypts it.
    """
    report = Report()
    with atomic.replacing(path) as part, installation.read() as conn:
        writer = Writer(part)
        writer.add_bytes(MANIFEST, _manifest(conn, installation))
        for table in TABLES:
            _add_table(writer, conn, table, report)
        _add_key(writer, installation)
        _add_log(writer, installation)
        lost = dict(_add_files(writer, conn, installation.store))
        report.files.extend(sorted(lost.values()))
        writer.add_bytes(LOST, json.dumps(sorted(lost)).encode())
        writer.close()
    return report


def _manifest(conn: Connection, installation: Installation) -> bytes:
    content = {
        "format": FORMAT,
        "version": __version__,
        "revision": MigrationContext.configure(conn).get_current_revision(),
        "made": now().isoformat(),
        "key_check": secret_key.check_value(installation.key),
        "last_ids": last_ids(conn, TABLES),
    }
    return json.dumps(content).encode()


def _stored(conn: Connection) -> Iterator[tuple[str, str, str]]:
    """Yields the storage name, the checksum and the name of every file and upload that should be there."""
    f, u = schema.file, schema.upload
    for table, condition in ((f, f.c.deleted.is_(None)), (u, u.c.id.is_not(None))):
        columns = select(table.c.storage, table.c.sha256, table.c.name).where(condition)
        for row in conn.execute(columns.distinct()):
            yield row.storage, row.sha256, row.name


def _add_table(writer: Writer, conn: Connection, table: Table, report: Report) -> None:
    with tempfile.TemporaryFile() as lines:  # a tar wants to know the size first, and a big table not to be in memory
        for found in conn.execute(select(table).execution_options(yield_per=BATCH)).mappings():
            row = dict(found)
            lines.write(archive_rows.line_of(row))
            if fault := archive_rows.fault_of(table, row):
                key = ", ".join(str(row[column.name]) for column in table.primary_key)
                report.rows.append(f"{table.name} {key}: {fault}")
        size = lines.tell()
        lines.seek(0)
        writer.add(f"tables/{table.name}.jsonl", lines, size)


def _add_key(writer: Writer, installation: Installation) -> None:
    if passphrase := installation.settings.backup_passphrase:
        writer.add_bytes(KEY, sealed_key.seal(installation.key, passphrase))


def _add_log(writer: Writer, installation: Installation) -> None:
    path = installation.data_dir / LOG
    if path.is_file():
        with path.open("rb") as content:
            writer.add(LOG, content, path.stat().st_size)  # what is appended meanwhile stays out


def _add_files(writer: Writer, conn: Connection, store: Store) -> Iterator[tuple[str, str]]:
    """Yields the storage name and the name of files without bytes, or with others than were stored."""
    for storage, sha256, name in sorted({row[0]: row for row in _stored(conn)}.values()):
        if _add_file(writer, store, storage) != sha256:
            yield storage, name
        _add_file(writer, store, storage + TYPED)


def _add_file(writer: Writer, store: Store, storage: str) -> str:
    """Returns the checksum of the file; empty if it is missing, perhaps since a moment ago."""
    try:
        with store.path(storage).open("rb") as content:
            return writer.add(f"files/{storage}", content, os.fstat(content.fileno()).st_size)
    except (FileNotFoundError, NotFound):
        return ""
