"""The address of a connected database, and what it may tell the driver: all other options are refused by name.

Drivers take options that read or write files of this machine, run commands or statements, or name other servers:
`local_infile` and `read_default_file` of PyMySQL, `options`, `service` and `passfile` of libpq.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from webapp.errors import UserError

SCHEMES = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
}
LONGEST = 600  # seconds
REFUSED = (
    "“{}” is no option that this address may have. It may have: {}. Write the rest as "
    "{}://user:password@host:port/database."
)
WRONG = "“{}” cannot be “{}”: write {}."
Read = Callable[[str], Any]  # raises KeyError or ValueError for a wrong value


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= LONGEST and len(text) < 9):
        raise ValueError(text)
    return int(text)


def _one_of(*values: str) -> Read:
    return {value: value for value in values}.__getitem__


_yes_no: Read = {"true": True, "1": True, "false": False, "0": False}.__getitem__
SECONDS, TRUTH = (_seconds, f"a number of seconds, 1 to {LONGEST}"), (_yes_no, "true or false")
_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
ALLOWED: Mapping[str, Mapping[str, tuple[Read, str]]] = {
    "postgresql": {
        "host": (str, "the name of the server, or the folder of its socket"),
        "connect_timeout": SECONDS,
        "sslmode": (_one_of(*_MODES), ", ".join(_MODES)),
        "sslrootcert": (_one_of("system"), "system"),  # a path would name a file of this machine
    },
    "mysql": {
        "connect_timeout": SECONDS,
        "read_timeout": SECONDS,
        "write_timeout": SECONDS,
        "ssl_disabled": TRUTH,
        "ssl_verify_cert": TRUTH,
        "ssl_verify_identity": TRUTH,
    },
}


def read_url(given: str, data_dir: Path) -> URL:
    """Returns the address of a database for SQLAlchemy; raises UserError (field `url`) if it cannot be used."""
    try:
        url = make_url(given.strip())
    except (ArgumentError, ValueError):
        raise UserError(
            "This is not the address of a database. Write postgresql://user:password@host/name.", "url"
        ) from None
    scheme = url.drivername.partition("+")[0]
    if scheme not in SCHEMES:
        raise UserError("The address begins with postgresql://, mysql://, mariadb:// or sqlite:///.", "url")
    if scheme != "sqlite":
        if not (url.host or url.query.get("host")) or not url.database:
            raise UserError("The address names a server and a database: postgresql://user:password@host/name.", "url")
        known = url.set(drivername=SCHEMES[scheme])
        options(known)
        return known
    if url.query or not url.database or url.database.startswith(("file:", ":")):
        raise UserError("Write the whole path of the file: sqlite:////srv/shop.db.", "url")
    path = Path(url.database).resolve()
    if data_dir.resolve() in path.parents:
        raise UserError("This is Outtray's own folder. Choose another database.", "url")
    if not path.is_file():
        raise UserError(f"There is no file {path} on the server.", "url")
    return URL.create("sqlite", database=str(path))


def masked(url: URL) -> str:
    """Returns the address without user and password."""
    return (
        url.set(username=None, password=None, query={})
        .render_as_string()
        .replace("+psycopg", "")
        .replace("+pymysql", "")
    )


def options(url: URL) -> dict[str, Any]:
    """Returns the options of an address for its driver; raises UserError (field `url`) for one that is not allowed."""
    scheme = url.drivername.partition("+")[0]
    allowed = ALLOWED[scheme]
    found: dict[str, Any] = {}
    for name, value in url.query.items():
        if name not in allowed:
            raise UserError(REFUSED.format(name[:60], ", ".join(allowed), scheme), "url")
        read, expected = allowed[name]
        try:
            found[name] = read(_single(value))
        except (KeyError, ValueError):
            raise UserError(WRONG.format(name, str(value)[:60], expected), "url") from None
    return found


def _single(value: str | tuple[str, ...]) -> str:
    if not isinstance(value, str):
        raise ValueError("it is given twice")
    return value
