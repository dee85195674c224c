"""The mail servers of Settings → Mail; their passwords are sealed and leave this module only towards a connection."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from webapp.clock import now
from webapp.crypto import SecretBox
from webapp.db import schema
from webapp.db.connect import mark_changed
from webapp.db.upsert import save_unique
from webapp.errors import NotFound
from webapp.mail.url import SmtpSettings
from webapp.ports.names import read_name
from webapp.ports.values import row_id

s = schema.server
GONE = "This mail server is not there any more."
TAKEN = "Another server has this name already."


@dataclass(frozen=True)
class Server:
    """One mail server: what it is called, how it is reached, and who its mail comes from (maybe with a name)."""

    id: int
    name: str
    smtp: SmtpSettings
    sender: str
    is_default: bool
    has_password: bool = False

    @property
    def target(self) -> str:
        """The name under which runs share its pace and its places."""
        return f"server:{self.id}"


def listing(conn: Connection) -> Sequence[Server]:
    """The default one first, then by name; without their passwords."""
    return [_server(row, "") for row in conn.execute(select(s).order_by(s.c.is_default.desc(), s.c.name))]


def is_any(conn: Connection) -> bool:
    return conn.execute(select(s.c.id).limit(1)).first() is not None


def one(conn: Connection, seal: SecretBox, server_id: int) -> Server:
    """NotFound where it was removed; another UserError where its password cannot be read."""
    row = conn.execute(select(s).where(s.c.id == server_id)).first()
    if row is None:
        raise NotFound(GONE)
    return _server(row, seal.open(row.password))


def chosen(conn: Connection, seal: SecretBox, server_id: str) -> Server | None:
    """The server of this id, else the default one; None where there is none at all. Errors as `one`."""
    if server_id:
        return one(conn, seal, row_id(server_id))
    default = conn.execute(select(s.c.id).order_by(s.c.is_default.desc(), s.c.id).limit(1)).scalar()
    return None if default is None else one(conn, seal, default)


def save(conn: Connection, seal: SecretBox, server: Server) -> int:
    """Enters a new one (id 0) or changes one; the first is the default. UserError where its name is taken."""
    smtp = server.smtp
    values: dict[str, Any] = {
        "name": read_name(server.name),
        "scheme": smtp.scheme,
        "host": smtp.host,
        "port": smtp.port,
        "user": smtp.user,
        "password": seal.close(smtp.password),
        "sender": server.sender,
        "rate": smtp.rate,
        "per_connection": smtp.per_connection,
        "connections": smtp.connections,
    }
    server_id = save_unique(conn, s, server.id, values, taken=TAKEN, gone=GONE, only_new={"created": now()})
    others = conn.execute(select(func.count()).where(s.c.is_default, s.c.id != server_id)).scalar_one()
    if server.is_default or not others:
        make_default(conn, server_id)
    mark_changed(conn)
    return server_id


def make_default(conn: Connection, server_id: int) -> None:
    """Where nobody chose another, mail goes through this one."""
    conn.execute(update(s).values(is_default=s.c.id == server_id))


def remove(conn: Connection, server_id: int) -> None:
    """Another one becomes the default where this was it."""
    conn.execute(delete(s).where(s.c.id == server_id))
    if not conn.execute(select(s.c.id).where(s.c.is_default)).first():
        first = conn.execute(select(s.c.id).order_by(s.c.name).limit(1)).scalar()
        if first is not None:
            make_default(conn, first)
    mark_changed(conn)


def _server(row: Row[Any], password: str) -> Server:
    smtp = SmtpSettings(
        row.scheme, row.host, row.port, row.user, password, row.connections, row.rate, row.per_connection
    )
    return Server(row.id, row.name, smtp, row.sender, row.is_default, bool(row.password))
