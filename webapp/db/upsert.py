"""Inserts a row or changes the one that is there, in one statement, on both databases."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from webapp.errors import NotFound, UserError


def upsert(conn: Connection, table: Table, keys: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Gives the row with these keys these values; inserts it if there is none. The keys have a unique constraint."""
    new = _insert(conn, table).values(**keys, **values)
    conn.execute(new.on_conflict_do_update(index_elements=[table.c[name] for name in keys], set_=dict(values)))


def insert_missing(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Inserts those of these rows that break no unique constraint; returns how many."""
    first, *_ = table.primary_key.columns
    new = _insert(conn, table).values([dict(row) for row in rows]).on_conflict_do_nothing().returning(first)
    return len(conn.execute(new).all())


def save_unique(
    conn: Connection, table: Table, row_id: int, values: Mapping[str, Any], *, taken: str, gone: str = "",
    unique: Sequence[str] = ("name",), only_new: Mapping[str, Any] | None = None,
) -> int:  # fmt: skip
    """Inserts a row (id 0; `only_new` are further values of a new one) or changes one; returns its id.

    Raises UserError with `taken` beside the last of the `unique` columns if another row has these values, NotFound
    with `gone` if there is no row of this id.
    """
    try:
        with conn.begin_nested():
            if not row_id:
                new = insert(table).values(**values, **(only_new or {})).returning(table.c.id)
                return int(conn.execute(new).scalar_one())
            if conn.execute(update(table).where(table.c.id == row_id).values(**values)).rowcount == 0:
                raise NotFound(gone)
    except IntegrityError:
        is_same = [table.c[name] == values[name] for name in unique]
        if conn.execute(select(table.c.id).where(*is_same, table.c.id != row_id)).first() is None:
            raise
        raise UserError(taken, unique[-1]) from None
    return row_id


def _insert(conn: Connection, table: Table) -> Any:
    return (sqlite if conn.dialect.name == "sqlite" else postgresql).insert(table)
