"""SQLite gives no id twice: until now it gave the id of the newest row again once that row was deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

TABLES = (
    "person", "token", "audit", "task_line", "kept", "saved_list", "download", "channel", "hook", "inbox", "source",
    "query", "server",
)  # fmt: skip
PASSED_OVER = 100  # ids: forms and other systems may still name rows that were deleted before


def upgrade() -> None:
    conn = op.get_bind()
    if conn.dialect.name != "sqlite":  # its sequences never go back
        return
    is_used = conn.execute(sa.text("select exists (select 1 from person)")).scalar()
    for table in TABLES:
        _replace(conn, table)
        if is_used:
            _pass_over(conn, table)


def _replace(conn: sa.Connection, table: str) -> None:
    """Copies the table as it is at this revision into one that differs only in its key."""
    master = sa.text("select type, sql from sqlite_master where tbl_name = :name and sql is not null order by rowid")
    found = conn.execute(master, {"name": table}).all()
    (created,) = (row.sql for row in found if row.type == "table")
    _, bracket, columns = created.partition("(")
    assert columns.count("PRIMARY KEY (id)") == 1, created
    columns = columns.replace("PRIMARY KEY (id)", "PRIMARY KEY (id AUTOINCREMENT)")
    conn.exec_driver_sql(f'create table "new_{table}" {bracket}{columns}')
    conn.exec_driver_sql(f'insert into "new_{table}" select * from "{table}"')  # noqa: S608
    conn.exec_driver_sql(f'drop table "{table}"')
    conn.exec_driver_sql(f'alter table "new_{table}" rename to "{table}"')
    for row in found:
        if row.type == "index":
            conn.exec_driver_sql(row.sql)


def _pass_over(conn: sa.Connection, table: str) -> None:
    largest = conn.execute(sa.text(f'select coalesce(max(id), 0) from "{table}"')).scalar_one()  # noqa: S608
    conn.execute(sa.text("delete from sqlite_sequence where name = :name"), {"name": table})
    values = {"name": table, "reached": largest + PASSED_OVER}
    conn.execute(sa.text("insert into sqlite_sequence (name, seq) values (:name, :reached)"), values)
