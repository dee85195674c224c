"""The last id that each table gave; an id that was given once is never given again, also after a restore."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, Table, text


def last_ids(conn: Connection, tables: Iterable[Table]) -> dict[str, int]:
    """Returns the last id of every table that has given one."""
    names = [table.name for table in tables if is_counted(table)]
    return {name: last for name in names if (last := _last_of(conn, name))}


def count_on(conn: Connection, tables: Iterable[Table], last: Mapping[str, int]) -> None:
    """Makes every table go on after its own rows, after the ids it has given, and after those of `last`."""
    for name in (table.name for table in tables if is_counted(table)):
        largest = int(conn.execute(text(f'select coalesce(max(id), 0) from "{name}"')).scalar_one())  # noqa: S608
        if reached := max(largest, last.get(name, 0), _last_of(conn, name)):
            _set(conn, name, reached)


def is_counted(table: Table) -> bool:
    """Returns True if the database counts the ids of this table."""
    column = table.autoincrement_column
    return column is not None and column.name == "id" and table.name not in ("version", "installation")


def _set(conn: Connection, name: str, reached: int) -> None:
    values = {"name": name, "reached": reached}
    if conn.dialect.name != "sqlite":
        conn.execute(text("select setval(pg_get_serial_sequence(:name, 'id'), :reached)"), values)
    elif conn.execute(text("update sqlite_sequence set seq = :reached where name = :name"), values).rowcount == 0:
        conn.execute(text("insert into sqlite_sequence (name, seq) values (:name, :reached)"), values)


def _last_of(conn: Connection, name: str) -> int:
    if conn.dialect.name == "sqlite":
        query = text("select seq from sqlite_sequence where name = :name")
        return int(conn.execute(query, {"name": name}).scalar() or 0)
    sequence = conn.execute(text("select pg_get_serial_sequence(:name, 'id')"), {"name": name}).scalar()
    if sequence is None:
        return 0
    row = conn.execute(text(f"select last_value, is_called from {sequence}")).one()  # noqa: S608
    return int(row.last_value) if row.is_called else 0
