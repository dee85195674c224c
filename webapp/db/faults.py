"""Tells passing faults of our own infrastructure from bugs: database away, locked or full, disk full, no handles."""

import errno
import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS})
HANDLES = frozenset({errno.EMFILE, errno.ENFILE, errno.EAGAIN})
# Primary result codes of SQLite: busy, locked, out of memory, read-only, I/O, full, cannot open, locking protocol.
SQLITE = frozenset({5, 6, 7, 8, 10, 13, 14, 15})
SQLITE_FULL = 13
# Of PostgreSQL (appendix A of its manual): connection, read-only after a failover, transaction rollback, resources,
# lock not available, operator intervention, system error.
POSTGRES = ("08", "25006", "40", "53", "55P03", "57", "58")
POSTGRES_FULL = "53100"


def is_passing(error: BaseException) -> bool:
    """Returns True for a fault that may pass without a change to the task, the request or the code."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or _is_passing_in_driver(error)
    return isinstance(error, PoolTimeout) or (isinstance(error, OSError) and error.errno in DISK | HANDLES)


def is_disk_full(error: BaseException) -> bool:
    """Returns True if the disk, or the database's disk, took no more bytes."""
    if isinstance(error, DBAPIError):
        return _sqlite_code(error) == SQLITE_FULL or _sqlstate(error) == POSTGRES_FULL
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _is_passing_in_driver(error: DBAPIError) -> bool:
    if isinstance(error.orig, sqlite3.Error):
        return _sqlite_code(error) in SQLITE
    if state := _sqlstate(error):
        return state.startswith(POSTGRES)
    # psycopg gives no state for a server that cannot be reached, or that closed the connection.
    return isinstance(error, OperationalError | InterfaceError)


def _sqlite_code(error: DBAPIError) -> int:
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF


def _sqlstate(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""
