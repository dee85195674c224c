"""What the panel remembers by itself: per person, or with EVERYBODY for all."""

from typing import Any

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from webapp.db import schema

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
    dialect = sqlite if conn.dialect.name == "sqlite" else postgresql
    new = dialect.insert(m).values(person=person, key=key, value=value)
    conn.execute(new.on_conflict_do_update(index_elements=[m.c.person, m.c.key], set_={"value": value}))
