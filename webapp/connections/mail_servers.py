"""The mail servers of Settings → Mail; passwords are encrypted and leave this module only for a connection."""

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


@dataclass(frozen=True, kw_only=True)
class Server:
    """One mail server: its name, how it is reached, and the From address of its mail (maybe with a name)."""

    id: int = 0
    name: str
    smtp: SmtpSettings
    sender: str
    is_default: bool
    has_password: bool = False

    @property
    def target(self) -> str:
        """The name under which runs share its rate and its connections."""
        return f"server:{self.id}"


def listing(conn: Connection) -> Sequence[Server]:
    """Returns all servers without passwords, the default one first, then by name."""
    return [_server(row, "") for row in conn.execute(select(s).order_by(s.c.is_default.desc(), s.c.name))]


def is_any(conn: Connection) -> bool:
    """Returns True if there is a server."""
    return conn.execute(select(s.c.id).limit(1)).first() is not None


def one(conn: Connection, box: SecretBox, server_id: int) -> Server:
    """Returns one server; raises NotFound if it is gone, another UserError if its password cannot be decrypted."""
    row = conn.execute(select(s).where(s.c.id == server_id)).first()
    if row is None:
        raise NotFound(GONE)
    return _server(row, box.decrypt(row.password))


def chosen(conn: Connection, box: SecretBox, server_id: str) -> Server | None:
    """Returns the server of this id, else the default one, or None if there is none; raises as `one`."""
    if server_id:
        return one(conn, box, row_id(server_id))
    default = conn.execute(select(s.c.id).order_by(s.c.is_default.desc(), s.c.id).limit(1)).scalar()
    return None if default is None else one(conn, box, default)


def save(conn: Connection, box: SecretBox, server: Server) -> int:
    """Adds a server (id 0) or changes one, and returns its id; the first becomes the default.

    Raises UserError if its name is taken, NotFound if it is gone.
    """
    smtp = server.smtp
    values: dict[str, Any] = {
        "name": read_name(server.name),
        "scheme": smtp.scheme,
        "host": smtp.host,
        "port": smtp.port,
        "user": smtp.user,
        "password": box.encrypt(smtp.password),
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
    """Makes this server the one that mail goes through unless another is chosen."""
    conn.execute(update(s).values(is_default=s.c.id == server_id))


def remove(conn: Connection, server_id: int) -> None:
    """Deletes a server; if it was the default, the next by name becomes it."""
    conn.execute(delete(s).where(s.c.id == server_id))
    if not conn.execute(select(s.c.id).where(s.c.is_default)).first():
        first = conn.execute(select(s.c.id).order_by(s.c.name).limit(1)).scalar()
        if first is not None:
            make_default(conn, first)
    mark_changed(conn)


def _server(row: Row[Any], password: str) -> Server:
    smtp = SmtpSettings(
        scheme=row.scheme,
        host=row.host,
        port=row.port,
        user=row.user,
        password=password,
        connections=row.connections,
        rate=row.rate,
        per_connection=row.per_connection,
    )
    return Server(
        id=row.id,
        name=row.name,
        smtp=smtp,
        sender=row.sender,
        is_default=row.is_default,
        has_password=bool(row.password),
    )
