"""No id is given twice: what a form, an address or another system names is that row or none."""

from datetime import datetime

import pytest
from sqlalchemy import Connection, Integer, Table, delete, insert, inspect, select, text

from tests.maintenance.test_broken_archives import MOMENT, valid
from webapp.db import schema
from webapp.db.sequences import count_on, is_counted, last_ids
from webapp.installation import Installation

COUNTED = [table for table in schema.metadata.sorted_tables if is_counted(table)]
ONE_ROW = {"version", "installation", "audit_anchor"}  # their only row has the id 1
ASSIGNED = {"audit_seal"}  # the number of a seal in its chain
DELETABLE = [table for table in COUNTED if table.name != "audit"]  # of which retention alone removes rows


def test_every_table_with_a_number_as_its_key_counts():
    keyed = {t.name for t in schema.metadata.sorted_tables if "id" in t.c and isinstance(t.c.id.type, Integer)}
    assert {table.name for table in COUNTED} == keyed - ONE_ROW - ASSIGNED
    assert [table.name for table in COUNTED if not table.dialect_options["sqlite"]["autoincrement"]] == []


def test_the_tables_of_a_database_count_too(either: Installation):
    with either.read() as conn:
        for table in COUNTED:
            if either.database.is_sqlite:
                created = conn.execute(
                    text("select sql from sqlite_master where name = :n"), {"n": table.name}
                ).scalar()
                assert "AUTOINCREMENT" in created, table.name
            else:
                (column,) = (one for one in inspect(conn).get_columns(table.name) if one["name"] == "id")
                assert str(column["default"]).startswith("nextval("), table.name


@pytest.mark.parametrize("table", DELETABLE, ids=lambda table: table.name)
def test_the_id_of_a_deleted_row_is_not_given_again(either: Installation, table: Table):
    first = add(either, table)
    with either.database.write(lambda number: None) as conn:
        conn.execute(delete(table).where(table.c.id == first))
    assert add(either, table) > first


@pytest.mark.parametrize("table", DELETABLE, ids=lambda table: table.name)
def test_a_sequence_is_only_raised(either: Installation, table: Table):
    first = add(either, table)
    for last, expected in (({}, first), ({table.name: first + 500}, first + 500), ({table.name: 1}, first + 500)):
        with either.database.write(lambda number: None) as conn:
            count_on(conn, [table], last)
            assert last_ids(conn, [table]) == {table.name: expected}
    with either.database.write(lambda number: None) as conn:
        conn.execute(delete(table))
        count_on(conn, [table], {})
    assert add(either, table) > first + 500


def add(installation: Installation, table: Table) -> int:
    """Adds a row, and first those that it refers to; returns its id."""
    with installation.database.write(lambda number: None) as conn:
        return insert_row(conn, table)


def insert_row(conn: Connection, table: Table) -> int:
    row = {column.name: valid(column) for column in table.c if column.name != "id" or not is_counted(table)}
    row |= {name: datetime.fromisoformat(value) for name, value in row.items() if value == MOMENT}
    for column in table.c:
        for key in column.foreign_keys:
            known = conn.execute(select(key.column).limit(1)).scalar()
            row[column.name] = insert_row(conn, key.column.table) if known is None else known
    return conn.execute(insert(table).values(row).returning(table.c.id)).scalar_one()
