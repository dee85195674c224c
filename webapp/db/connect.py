"""Opens read and write transactions on SQLite or PostgreSQL, and counts changes for the version counter."""

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, select, update

from webapp.db import schema
from webapp.db.write_lock import WriteLock
from webapp.settings import Settings

JSON = partial(json.dumps, ensure_ascii=False)  # so that a search finds text as it was typed
BUSY_SECONDS = 20  # only a checkpoint or another program can block a writer that holds the write lock


class Database:
    """One database, as one process uses it."""

    def __init__(self, url: str, gate: Path) -> None:
        self.is_sqlite = url.startswith("sqlite")
        self.engine = _engine(url, self.is_sqlite)
        self._gate = WriteLock(gate) if self.is_sqlite else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Opens a short read transaction with one consistent snapshot."""
        with self.engine.connect() as conn:
            if not self.is_sqlite:
                conn = conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with conn.begin():
                yield conn

    @contextmanager
    def write(self, committed: Callable[[int | None], None]) -> Iterator[Connection]:
        """Opens a short write transaction that is on disk when the block has ended.

        `committed` is then called with the new version, or with None if nothing was marked as changed.
        """
        with self._gate.passed() if self._gate else nullcontext(), self.engine.connect() as conn:
            conn.info.pop("changed", None)
            conn.info["writing"] = True
            with conn.begin():
                yield conn
                number = _count(conn) if conn.info.pop("changed", False) else None
        committed(number)

    @contextmanager
    def write_schema(self) -> Iterator[Connection]:
        """Opens a write transaction that may replace tables: SQLite compares references only at its end.

        Raises RuntimeError, and changes nothing, if a reference then leads nowhere.
        """
        if not self.is_sqlite:
            with self.write(lambda number: None) as conn:
                yield conn
            return
        assert self._gate is not None
        with self._gate.passed(), self.engine.connect() as conn:
            raw = conn.connection.cursor()
            raw.execute("PRAGMA foreign_keys=OFF")  # has no effect within a transaction
            conn.info["writing"] = True
            try:
                with conn.begin():
                    yield conn
                    if broken := conn.exec_driver_sql("PRAGMA foreign_key_check").first():
                        raise RuntimeError(f"a reference of the table {broken[0]} leads nowhere")
            finally:
                raw.execute("PRAGMA foreign_keys=ON")

    def close(self) -> None:
        self.engine.dispose()


def open_database(settings: Settings) -> Database:
    """Returns the database of an installation, without connecting to it yet."""
    return Database(settings.database, settings.data_dir / "write.gate")


def mark_changed(conn: Connection) -> None:
    """Marks this transaction as a change that pages show; counted in the last statement before the commit."""
    conn.info["changed"] = True


def current_version(conn: Connection) -> int:
    """Returns the version counter: the number of changes so far."""
    number: int = conn.execute(select(schema.version.c.n)).scalar_one()
    return number


def server_of(conn: Connection) -> str:
    """Returns what the database runs on: “SQLite 3.45.1”, or “PostgreSQL 16.4, database outtray”."""
    release = ".".join(str(part) for part in conn.dialect.server_version_info or ())
    if conn.dialect.name == "sqlite":
        return f"SQLite {release}"
    return f"PostgreSQL {release}, database {conn.engine.url.database}"


def _count(conn: Connection) -> int:
    bumped = update(schema.version).values(n=schema.version.c.n + 1).returning(schema.version.c.n)
    number: int = conn.execute(bumped).scalar_one()
    return number


def _engine(url: str, is_sqlite: bool) -> Engine:
    if not is_sqlite:
        return create_engine(url, json_serializer=JSON, pool_pre_ping=True, pool_size=10, max_overflow=30)
    wait = {"timeout": BUSY_SECONDS}
    engine = create_engine(url, json_serializer=JSON, connect_args=wait, pool_size=10, max_overflow=30)
    _make_private(make_url(url).database)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _make_private(path: str | None) -> None:
    """Makes an empty file, which SQLite takes for a new database: its own would be readable by other users."""
    # Never opens one that is there: closing it again would drop the locks of this process's connections (fcntl).
    if path and path != ":memory:":
        with contextlib.suppress(OSError):  # it is there; or the first connection says what is wrong
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _prepare(connection: SqliteConnection, record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions automatically
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}"):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("lower", 1, _lower, deterministic=True)  # SQLite's own lower() handles only A to Z


def _lower(value: Any) -> str | None:
    return None if value is None else str(value).lower()


def _begin(conn: Connection) -> None:
    # IMMEDIATE takes the write lock at once: a transaction that reads first could not upgrade and would fail.
    writing = conn.info.pop("writing", False)
    # Directly through the driver: SQLAlchemy adds 50 µs, and every request and every message begins a transaction.
    conn.connection.cursor().execute("BEGIN IMMEDIATE" if writing else "BEGIN")
