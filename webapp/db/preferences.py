"""Values that the panel keeps under a key: for one person, or with EVERYBODY for all."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, select

from webapp.db import schema
from webapp.db.upsert import upsert

EVERYBODY = 0

m = schema.memory


def get(conn: Connection, person: int, key: str) -> Any:
    """Returns the value, or None if there is none."""
    return conn.execute(select(m.c.value).where(m.c.person == person, m.c.key == key)).scalar()


def listing(conn: Connection, person: int, prefix: str) -> Mapping[str, Any]:
    """Returns the values of all keys that begin with `prefix`, by key."""
    query = select(m.c.key, m.c.value).where(m.c.person == person, m.c.key.startswith(prefix, autoescape=True))
    return {row.key: row.value for row in conn.execute(query)}


def put(conn: Connection, person: int, key: str, value: Any) -> None:
    """Stores a value that JSON can hold; replaces the previous one."""
    upsert(conn, m, {"person": person, "key": key}, {"value": value})


def remove(conn: Connection, person: int, key: str) -> None:
    """Deletes a value, if there is one."""
    conn.execute(delete(m).where(m.c.person == person, m.c.key == key))
