"""Reads rows of other people's databases, and only reads: whatever the text of a query, it changes nothing there.

What keeps it so: one statement at a time, which begins as a reading one; a transaction that the database itself takes
for read-only; on SQLite a connection opened for reading, and an authorizer that lets nothing but reading pass.
"""

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from webapp import clock, sandbox
from webapp.errors import UserError
from webapp.ports.tables import TableSchema

SCHEMES = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
}
CONNECT_SECONDS = 10
MEMORY_MB = 1024
_COMMENT = re.compile(r"\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/|\(", re.S)
_READS = re.compile(r"(?:select|with|values|table)\b", re.I)
# MySQL alone writes files with a SELECT, and runs what stands in some comments.
_TO_FILE = re.compile(r"\b(?:outfile|dumpfile)\b|/\*M?!", re.I)
_MAY = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_MAY_NOT_CALL = {"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"}
NOT_READING = "A saved query only reads: it begins with SELECT or WITH, and is one statement."


@dataclass(frozen=True)
class Asked:
    """One question to a database; `values` are bound, never pasted. `seconds`: how long a statement may take."""

    url: str
    text: str
    values: Mapping[str, Any]
    seconds: int
    zone: str = "UTC"
    most: int | None = None  # rows


def read_url(given: str, data_dir: Path) -> URL:
    """The address of a database as SQLAlchemy takes it; UserError beside `url` in plain words."""
    try:
        url = make_url(given.strip())
    except (ArgumentError, ValueError):
        raise UserError(
            "This is no address of a database. Write postgresql://user:password@host/name.", "url"
        ) from None
    scheme = url.drivername.partition("+")[0]
    if scheme not in SCHEMES:
        raise UserError("The address begins with postgresql://, mysql://, mariadb:// or sqlite:///.", "url")
    if scheme != "sqlite":
        if not (url.host or url.query.get("host")) or not url.database:
            raise UserError("The address names a server and a database: postgresql://user:password@host/name.", "url")
        return url.set(drivername=SCHEMES[scheme])
    if url.query or not url.database or url.database.startswith(("file:", ":")):
        raise UserError("Write the whole path of the file: sqlite:////srv/shop.db.", "url")
    path = Path(url.database).resolve()
    if data_dir.resolve() in path.parents:
        raise UserError("This is Outtray's own folder. Choose another database.", "url")
    if not path.is_file():
        raise UserError(f"There is no file {path} on the server.", "url")
    return URL.create("sqlite", database=str(path))


def masked(url: URL) -> str:
    """The address without user and password."""
    return (
        url.set(username=None, password=None, query={})
        .render_as_string()
        .replace("+psycopg", "")
        .replace("+pymysql", "")
    )


def require_reading(query: str) -> None:
    """UserError where the text does not begin as a reading statement; what follows is the database's to refuse."""
    rest = query
    while match := _COMMENT.match(rest):
        rest = rest[match.end() :]
    if not _READS.match(rest) or _TO_FILE.search(query):
        raise UserError(NOT_READING, "text")


@contextmanager
def rows(asked: Asked) -> Iterator[tuple[list[str], Iterator[Any]]]:
    """The names of the columns, and the rows one after another; UserError in plain words where it does not work."""
    require_reading(asked.text)
    url = make_url(asked.url)
    try:
        with _connected(url, asked) as conn:
            _only_reading(conn, asked)
            found = conn.execution_options(stream_results=True, max_row_buffer=5_000).execute(*_statement(conn, asked))
            if not found.returns_rows:
                raise UserError(NOT_READING, "text")
            yield list(found.keys()), iter(found)
    except SQLAlchemyError as error:
        raise _plain(error, asked) from None
    except sqlite3.Error as error:
        raise _plain(error, asked) from None


def _statement(conn: Connection, asked: Asked) -> tuple[Any, dict[str, Any]]:
    query = asked.text.strip().rstrip(";").rstrip()
    values = dict(asked.values)
    if conn.dialect.name == "postgresql":
        # A parameter makes the driver use the extended protocol, which takes one statement and no more.
        query = f"SELECT * FROM (\n{query}\n) AS outtray_query WHERE CAST(:outtray_one AS integer) = 1"  # noqa: S608
        values["outtray_one"] = 1
    statement = text(query)
    known = statement._bindparams.keys()
    if missing := [name for name in known if name not in values]:
        raise UserError(f"The query asks for “:{missing[0]}”, which is no value of its form.", "text")
    return statement, {name: values[name] for name in known}


@contextmanager
def _connected(url: URL, asked: Asked) -> Iterator[Connection]:
    scheme = url.drivername.partition("+")[0]
    options: dict[str, Any] = {"poolclass": NullPool}
    if scheme == "sqlite":
        options["creator"] = lambda: _sqlite(Path(str(url.database)), asked.seconds)
    elif scheme == "postgresql":
        settings = f"-c default_transaction_read_only=on -c statement_timeout={asked.seconds * 1000}"
        options["connect_args"] = {"connect_timeout": CONNECT_SECONDS, "options": settings}
    else:
        options["connect_args"] = {"connect_timeout": CONNECT_SECONDS, "read_timeout": asked.seconds + 5}
    engine = create_engine(url, **options)
    try:
        with engine.connect() as conn:
            yield conn
            conn.rollback()
    finally:
        engine.dispose()


def _only_reading(conn: Connection, asked: Asked) -> None:
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("SET TRANSACTION READ ONLY")
        conn.execute(text("SELECT set_config('TimeZone', :zone, true)"), {"zone": asked.zone})
        # Once a transaction has read, PostgreSQL lets nothing make it a writing one.
        conn.exec_driver_sql("SELECT 1")
    elif conn.dialect.name == "sqlite":
        raw = conn.connection.driver_connection
        assert raw is not None
        raw.set_authorizer(_authorised)
    elif conn.dialect.name == "mysql":
        conn.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
        for limit in (f"max_execution_time={asked.seconds * 1000}", f"max_statement_time={asked.seconds}"):
            try:
                conn.exec_driver_sql(f"SET SESSION {limit}")
                break
            except DBAPIError:  # MySQL knows the first, MariaDB the second
                continue
        conn.rollback()
        conn.exec_driver_sql("START TRANSACTION READ ONLY")


def _sqlite(path: Path, seconds: int) -> sqlite3.Connection:
    # mode=ro and not immutable: somebody else may be writing.
    conn = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=CONNECT_SECONDS, isolation_level=None)
    deadline = clock.monotonic() + seconds
    conn.set_progress_handler(lambda: int(clock.monotonic() > deadline), 10_000)
    return conn


def _authorised(action: int, first: str | None, second: str | None, database: str | None, trigger: str | None) -> int:
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _MAY_NOT_CALL:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in _MAY else sqlite3.SQLITE_DENY


def _plain(error: Exception, asked: Asked) -> UserError:
    """What the driver says, in words; the address of the database stands in none of them."""
    orig = getattr(error, "orig", None) or error
    words = orig.args[1] if len(orig.args) > 1 and isinstance(orig.args[0], int) else orig  # MySQL: number and words
    said = str(words).strip().splitlines()
    first = said[0] if said else type(error).__name__
    lower = first.lower()
    if "interrupted" in lower or "statement timeout" in lower or "maximum statement execution" in lower:
        return UserError(f"The query took longer than {asked.seconds} seconds and was stopped.", "text")
    if "not authorized" in lower or "read-only" in lower or "readonly" in lower or "read only" in lower:
        return UserError(NOT_READING, "text")
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return UserError("The connection to the database broke.", "text")
    password = make_url(asked.url).password
    return UserError(
        f"The database says: {first[:300].replace(str(password), '…') if password else first[:300]}", "text"
    )


def fetch(asked: Asked, target: Path) -> TableSchema:
    """Writes the typed copy of what the query finds, and says what it holds."""
    from webapp.reports.reading.row_spool import written

    with rows(asked) as (titles, found):
        return written(titles, found, target, asked.most)


def fetch_apart(asked: Asked, target: Path) -> TableSchema:
    """`fetch` in a child with limits: what the web process calls."""
    return sandbox.call(
        fetch, asked, target, seconds=asked.seconds + CONNECT_SECONDS + 10.0, memory_mb=MEMORY_MB,
        uses_network=True, what="The query", advice="Let it find fewer rows.",
    )  # fmt: skip


def first_column(asked: Asked) -> list[str]:
    """The values of the first column as text: the choices of a parameter."""
    with rows(asked) as (_, found):
        return [str(row[0]) for row, _ in zip(found, range(asked.most or 500), strict=False) if row[0] is not None]


def first_column_apart(asked: Asked) -> list[str]:
    return sandbox.call(
        first_column, asked, seconds=asked.seconds + CONNECT_SECONDS + 5.0, memory_mb=MEMORY_MB,
        uses_network=True, what="The query",
    )  # fmt: skip
