"""Reads rows of connected databases, read-only: no query text can change anything there.

This is ensured by: one statement at a time, which begins as a reading one; a transaction that the database itself
keeps read-only; on SQLite a connection opened for reading, and an authorizer that permits only reading.
"""

import logging
import re
import sqlite3
import struct
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, CursorResult, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from webapp import clock, sandbox
from webapp.errors import UserError
from webapp.ports.tables import TableSchema
from webapp.reports.reading import database_address, forbidden_functions

log = logging.getLogger("outtray.databases")
CONNECT_SECONDS = 10
MEMORY_MB = 1024
_COMMENT = re.compile(r"\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/|\(", re.S)
_READS = re.compile(r"(?:select|with|values|table)\b", re.I)
_MAY = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_MAY_NOT_CALL = {"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"}
FORBIDDEN = "A saved query only reads rows. “{}” reaches beyond them, and is refused wherever it stands in a query."
SUPERUSER = (
    "The user “{}” of this database is a superuser, or may read and write files of its server. Make a user that may "
    "only read, and enter the address with that one."
)
ODD = (
    "What answers at this address does not speak as a database of this kind does ({}). Check the address and the port."
)
# What drivers raise beside their own errors, when a server sends what it should not.
_ODD: tuple[type[Exception], ...] = (
    OSError, RuntimeError, ValueError, TypeError, LookupError, AttributeError, AssertionError, ArithmeticError,
    EOFError, BufferError, struct.error,
)  # fmt: skip
_IS_SUPERUSER = (
    "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_roles AS r WHERE (r.rolsuper OR r.rolname IN ('pg_read_server_files',"
    " 'pg_write_server_files', 'pg_execute_server_program'))"
    " AND pg_catalog.pg_has_role(CURRENT_USER, r.oid, 'member'))"
)
NOT_READING = "A saved query only reads: it begins with SELECT or WITH, and is one statement."


@dataclass(frozen=True, kw_only=True)
class BoundQuery:
    """A query to a database; `values` are bound, never pasted. `seconds`: how long a statement may take."""

    url: str
    text: str
    values: Mapping[str, Any]
    seconds: int
    zone: str = "UTC"
    most: int | None = None  # rows


def require_reading(sql: str) -> None:
    """Raises UserError if the text does not begin as a reading statement; the database refuses the rest."""
    begin = 0
    while match := _COMMENT.match(sql, begin):
        begin = match.end()
    if not _READS.match(sql, begin):
        raise UserError(NOT_READING, "text")
    if name := forbidden_functions.first_in(sql):
        raise UserError(FORBIDDEN.format(name), "text")


@contextmanager
def rows(query: BoundQuery) -> Iterator[tuple[list[str], Iterator[Any]]]:
    """Yields the names of the columns and an iterator over the rows; raises UserError if the query does not work."""
    require_reading(query.text)
    url = make_url(query.url)
    with ExitStack() as stack:
        with _explained(query):  # not what the caller does with the rows
            conn = stack.enter_context(_connected(url, query))
            _only_reading(conn, query)
            streaming = conn.execution_options(stream_results=True, max_row_buffer=5_000)
            result = streaming.execute(*_statement(conn, query))
            if not result.returns_rows:
                raise UserError(NOT_READING, "text")
            titles = list(result.keys())
        yield titles, _records(result, query)


def _records(result: CursorResult[Any], query: BoundQuery) -> Iterator[Any]:
    with _explained(query):
        yield from result


@contextmanager
def _explained(query: BoundQuery) -> Iterator[None]:
    """Turns what a driver raises into a UserError, also when the other side is no database at all."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise _plain(error, query) from None
    except _ODD as error:
        log.warning("a database gives an odd answer", exc_info=error)
        raise UserError(ODD.format(type(error).__name__), "text") from None


def _statement(conn: Connection, query: BoundQuery) -> tuple[Any, dict[str, Any]]:
    sql = query.text.strip().rstrip(";").rstrip()
    values = dict(query.values)
    if conn.dialect.name == "postgresql":
        # A parameter makes the driver use the extended protocol, which takes one statement and no more.
        sql = f"SELECT * FROM (\n{sql}\n) AS outtray_query WHERE CAST(:outtray_one AS integer) = 1"  # noqa: S608
        values["outtray_one"] = 1
    statement = text(sql)
    known = statement._bindparams.keys()
    if missing := [name for name in known if name not in values]:
        raise UserError(f"The query uses “:{missing[0]}”, which is not a value of its form.", "text")
    return statement, {name: values[name] for name in known}


@contextmanager
def _connected(url: URL, query: BoundQuery) -> Iterator[Connection]:
    scheme = url.drivername.partition("+")[0]
    options: dict[str, Any] = {"poolclass": NullPool}
    if scheme == "sqlite":
        options["creator"] = lambda: _sqlite(Path(str(url.database)), query.seconds)
    else:
        options["connect_args"] = _connect_args(url, query)
        url = url.set(query={})
    engine = create_engine(url, **options)
    try:
        with engine.connect() as conn:
            yield conn
            with suppress(SQLAlchemyError, sqlite3.Error, *_ODD):  # every row is here
                conn.rollback()
    finally:
        engine.dispose()


def _connect_args(url: URL, query: BoundQuery) -> dict[str, Any]:
    """Returns what the driver is told; raises UserError for a stored address with an option that is not allowed."""
    try:
        given = database_address.options(url)
    except UserError as error:
        raise UserError(error.message, "text") from None
    if url.drivername.startswith("postgresql"):
        settings = f"-c default_transaction_read_only=on -c statement_timeout={query.seconds * 1000}"
        return {"connect_timeout": CONNECT_SECONDS, **given, "options": settings}
    limits = {"connect_timeout": CONNECT_SECONDS, "read_timeout": query.seconds + 5, "write_timeout": CONNECT_SECONDS}
    return {**limits, **given, "local_infile": False}


def _only_reading(conn: Connection, query: BoundQuery) -> None:
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("SET TRANSACTION READ ONLY")
        if conn.exec_driver_sql(_IS_SUPERUSER).scalar():
            raise UserError(SUPERUSER.format(make_url(query.url).username or "postgres"), "text")
        conn.execute(text("SELECT set_config('TimeZone', :zone, true)"), {"zone": query.zone})
        # Once a transaction has read, PostgreSQL lets nothing make it a writing one.
        conn.exec_driver_sql("SELECT 1")
    elif conn.dialect.name == "sqlite":
        raw = conn.connection.driver_connection
        assert raw is not None
        raw.set_authorizer(_authorised)
    elif conn.dialect.name == "mysql":
        conn.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
        for limit in (f"max_execution_time={query.seconds * 1000}", f"max_statement_time={query.seconds}"):
            try:
                conn.exec_driver_sql(f"SET SESSION {limit}")
                break
            except DBAPIError:  # MySQL knows the first, MariaDB the second
                continue
        conn.rollback()
        conn.exec_driver_sql("START TRANSACTION READ ONLY")


def _sqlite(path: Path, seconds: int) -> sqlite3.Connection:
    # mode=ro and not immutable: another process may be writing.
    conn = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=CONNECT_SECONDS, isolation_level=None)
    deadline = clock.monotonic() + seconds
    conn.set_progress_handler(lambda: int(clock.monotonic() > deadline), 10_000)
    return conn


def _authorised(action: int, first: str | None, second: str | None, database: str | None, trigger: str | None) -> int:
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _MAY_NOT_CALL:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in _MAY else sqlite3.SQLITE_DENY


def _plain(error: Exception, query: BoundQuery) -> UserError:
    """Returns an error with the driver's message, which never contains the password of the database."""
    orig = getattr(error, "orig", None) or error
    message = orig.args[1] if len(orig.args) > 1 and isinstance(orig.args[0], int) else orig  # MySQL: number, message
    lines = str(message).strip().splitlines()
    first = lines[0] if lines else type(error).__name__
    lower = first.lower()
    if "interrupted" in lower or "statement timeout" in lower or "maximum statement execution" in lower:
        return UserError(f"The query took longer than {query.seconds} seconds and was stopped.", "text")
    if "not authorized" in lower or "read-only" in lower or "readonly" in lower or "read only" in lower:
        return UserError(NOT_READING, "text")
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return UserError("The connection to the database broke.", "text")
    password = make_url(query.url).password
    return UserError(
        f"The database says: {first[:300].replace(str(password), '…') if password else first[:300]}", "text"
    )


def fetch(query: BoundQuery, target: Path) -> TableSchema:
    """Writes the rows as a typed copy and returns its schema; raises UserError."""
    from webapp.reports.reading.row_spool import written

    with rows(query) as (titles, records):
        return written(titles, records, target, query.most)


def fetch_apart(query: BoundQuery, target: Path) -> TableSchema:
    """Does what `fetch` does in a child process with limits; the web process calls only this one."""
    return sandbox.call(
        fetch,
        query,
        target,
        seconds=query.seconds + CONNECT_SECONDS + 10.0,
        memory_mb=MEMORY_MB,
        uses_network=True,
        what="The query",
        advice="Let it find fewer rows.",
    )


def first_column(query: BoundQuery) -> list[str]:
    """Returns the values of the first column as text: the choices of a parameter."""
    with rows(query) as (_, records):
        return [str(row[0]) for row, _ in zip(records, range(query.most or 500), strict=False) if row[0] is not None]


def first_column_apart(query: BoundQuery) -> list[str]:
    """Does what `first_column` does in a child process with limits."""
    return sandbox.call(
        first_column,
        query,
        seconds=query.seconds + CONNECT_SECONDS + 5.0,
        memory_mb=MEMORY_MB,
        uses_network=True,
        what="The query",
    )
