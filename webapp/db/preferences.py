"""What the panel remembers by itself: per person, or with EVERYBODY for all."""

from typing import Any

from sqlalchemy import Connection, delete, select

from webapp.db import schema
from webapp.db.upsert import upsert

EVERYBODY = 0

m = schema.memory


def recall(conn: Connection, person: int, key: str) -> Any:
    """The value; None where there is none."""
    return conn.execute(select(m.c.value).where(m.c.person == person, m.c.key == key)).scalar()


def forget(conn: Connection, person: int, key: str) -> None:
    """As if it had never been kept."""
    conn.execute(delete(m).where(m.c.person == person, m.c.key == key))


def remember(conn: Connection, person: int, key: str, value: Any) -> None:
    """Keeps a value that JSON can hold, in place of the one before."""
    upsert(conn, m, {"person": person, "key": key}, {"value": value})
