"""What people uploaded: each kept as it came, beside the same table with typed columns."""

import mimetypes
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import JSON, Connection, Row, String, cast, insert, select

from webapp.clock import now
from webapp.db import schema
from webapp.errors import NotFound
from webapp.files.store import Store, StoredFile
from webapp.ports.files import Attachment
from webapp.ports.people import Person
from webapp.ports.tables import Column, Table, TableSchema
from webapp.ports.values import row_id

u, s = schema.upload, schema.saved_list
SAVED = "d-"  # begins the id of data that are kept under a name
IS_TABLE = cast(u.c.understood, String) != "null"
TYPED = ".parquet"  # added to the storage name of the file as it came


def add(conn: Connection, owner: Person, name: str, stored: StoredFile, understood: TableSchema | None = None) -> str:
    """Returns the id of a new upload; without `understood` it is a file to attach, not a table."""
    upload_id = f"u-{secrets.token_urlsafe(9)}"
    conn.execute(
        insert(u).values(
            id=upload_id,
            owner=owner.id,
            name=name,
            size=stored.size,
            sha256=stored.sha256,
            storage=stored.storage,
            understood=asdict(understood) if understood else JSON.NULL,
            created=now(),
        )
    )
    return upload_id


def one(conn: Connection, store: Store, upload_id: str, owner: int) -> Table:
    """Returns an upload of the person, or of their saved data “d-7”; raises NotFound for another's."""
    row = conn.execute(select(u).where(u.c.id == _meant(upload_id, owner), u.c.owner == owner, IS_TABLE)).first()
    if row is None:
        raise NotFound("This file is not here any more. Choose it again.", field="data")
    return _table(row, store)


def _meant(upload_id: str, owner: int) -> Any:
    """What is kept under a name is today's upload of that name."""
    number = row_id(upload_id, SAVED)
    if not number:
        return upload_id
    return select(s.c.upload).where(s.c.id == number, s.c.owner == owner, s.c.purpose == "data").scalar_subquery()


def same_content(conn: Connection, upload_id: str, owner: int) -> frozenset[str]:
    """Returns the ids of this person's uploads with the same bytes as that one of theirs, itself among them."""
    this = u.alias()
    query = select(u.c.id).join(this, (this.c.sha256 == u.c.sha256) & (this.c.owner == u.c.owner))
    return frozenset(conn.execute(query.where(this.c.id == upload_id, this.c.owner == owner)).scalars())


def newest(conn: Connection, store: Store, owner: int, limit: int = 20) -> list[Table]:
    """Returns a person's uploads, newest first."""
    query = select(u).where(u.c.owner == owner, IS_TABLE).order_by(u.c.created.desc()).limit(limit)
    return [_table(row, store) for row in conn.execute(query)]


def attachment(conn: Connection, store: Store, upload_id: str, owner: int) -> Attachment:
    """Returns an upload of the person, of any type, as a file to attach; raises NotFound for another's."""
    row = conn.execute(select(u).where(u.c.id == upload_id, u.c.owner == owner)).first()
    if row is None or not store.path(row.storage).is_file():
        raise NotFound("This file is not here any more. Choose it again.", field="attachments")
    media_type = mimetypes.guess_type(row.name)[0] or "application/octet-stream"
    return Attachment(row.id, row.name, media_type, row.size, store.path(row.storage))


def _table(row: Row[Any], store: Store) -> Table:
    return Table(row.id, row.name, store.path(row.storage), store.path(row.storage + TYPED), _read(row.understood))


def _read(stored: Mapping[str, Any]) -> TableSchema:
    columns = [Column(**column) for column in stored["columns"]]
    return TableSchema(
        **{**stored, "columns": columns, "notes": tuple(stored["notes"])}
    )  # what an older version did not store has its default
