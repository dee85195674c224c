"""Rows of connected databases: read with bound values and without any change to the database."""

import os
import secrets
import sqlite3
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pymysql
import pytest

from tests.postgres import new_database
from webapp.errors import UserError
from webapp.reports.reading import database_address, forbidden_functions, sql

READER = f"reader_{secrets.token_hex(4)}"


@pytest.fixture
def resources(tmp_path):
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript("create table sale (region text, day text, amount numeric, note blob)")
        rows = [("North", "2026-10-03", 1240.5, None), ("South", "2026-10-04", 99, b"\xff")]
        conn.executemany("insert into sale values (?, ?, ?, ?)", rows)
        conn.commit()
    return f"sqlite:///{path}"


@pytest.fixture(scope="module")
def postgres():
    address = new_database()
    with psycopg.connect(address, autocommit=True) as conn:
        conn.execute("create table sale (region text, day date, amount numeric(12,2), at timestamptz, n bigint)")
        conn.execute(
            "insert into sale values ('North', '2026-10-03', 1240.50, '2026-10-03 10:00+00', 9007199254740993)"
        )
        conn.execute("insert into sale values ('South', '2026-10-04', 99, null, 1)")
        conn.execute("create sequence counter")
        conn.execute(
            "create function sneak() returns int language sql as 'insert into sale(region) values (1); select 1'"
        )
        conn.execute(f"create role {READER} login password '{READER}'")
        conn.execute(f"grant all on all tables in schema public to {READER}")
        conn.execute(f"grant all on all sequences in schema public to {READER}")
    yield address
    with psycopg.connect(address, autocommit=True) as conn:
        conn.execute(f"drop owned by {READER}")
        conn.execute(f"drop role {READER}")


@pytest.fixture(scope="module")
def mysql():
    """A MySQL or MariaDB server for tests: OUTTRAY_TEST_MYSQL_URL, such as mysql://ana:pw@127.0.0.1/shop."""
    given = os.environ.get("OUTTRAY_TEST_MYSQL_URL")
    if not given:
        pytest.skip("OUTTRAY_TEST_MYSQL_URL is not set")
    url = database_address.read_url(given, Path("/nowhere"))
    who = {"user": url.username, "password": url.password or "", "database": url.database}
    conn = pymysql.connect(host=url.host, port=url.port or 3306, **who)
    with conn, conn.cursor() as cursor:
        cursor.execute("drop table if exists sale")
        cursor.execute("create table sale (region varchar(20), day date, amount decimal(12, 2), n bigint)")
        cursor.execute("insert into sale values ('North', '2026-10-03', 1240.50, 1), ('South', '2026-10-04', 99, 2)")
        conn.commit()
    return url.render_as_string(hide_password=False)


def fetch(url, text, folder, seconds=5, most=None, zone="UTC", **values):
    query = sql.BoundQuery(url=url, text=text, values=values, seconds=seconds, zone=zone, most=most)
    read = sql.fetch(query, folder / "rows")
    return read, pq.read_table(folder / "rows").to_pylist()


def address(postgres, tmp_path):
    """The address with a user who is no superuser, but may write."""
    known = database_address.read_url(postgres, tmp_path).set(username=READER, password=READER)
    return known.render_as_string(hide_password=False)


def test_values_are_bound_and_never_pasted(resources, tmp_path):
    text = "select region, amount from sale where region = :region"
    assert fetch(resources, text, tmp_path, region="North")[1] == [{"region": "North", "amount": 1240.5}]
    assert fetch(resources, text, tmp_path, region="North' or 1=1 --")[1] == []


def test_the_types_of_a_database_come_through(resources, postgres, tmp_path):
    read, rows = fetch(resources, "select * from sale order by day", tmp_path)
    assert [column.type for column in read.columns] == ["text", "date", "number", "text"]
    assert rows[0]["day"] == date(2026, 10, 3)
    url = address(postgres, tmp_path)
    read, rows = fetch(url, "select * from sale order by region", tmp_path, zone="Europe/Madrid")
    assert [column.type for column in read.columns] == ["text", "date", "number", "time", "integer"]
    assert rows[0]["amount"] == Decimal("1240.50")
    assert rows[0]["at"] == datetime(2026, 10, 3, 12, 0)
    assert rows[0]["n"] == 9007199254740993


WRITES = [
    "drop table sale",
    "delete from sale",
    "insert into sale(region) values ('x')",
    "update sale set amount = 0",
    "with x as (select 1) delete from sale",
    "with x as (delete from sale returning *) select * from x",
    "select 1; drop table sale",
    "select 1; delete from sale; select 1",
    "/* select */ delete from sale",
    "-- select\ndelete from sale",
    "(((delete from sale",
    "select 1) as q; drop table sale; select * from (select 1",
    "select 1) as q; commit; drop table sale; --",
    "select 1 where 1=1; commit; drop table sale",
    "explain analyze delete from sale",
    "create table other as select * from sale",
    "select * into other from sale",
    "commit",
    "rollback; drop table sale",
    "pragma user_version = 7",
    "attach database 'evil.db' as evil",
    "vacuum into 'copy.db'",
    "copy sale to '/tmp/sale'",
    "truncate sale",
    "call sneak()",
    "do $$ begin delete from sale; end $$",
    "",
]


@pytest.mark.parametrize("text", WRITES)
def test_no_query_text_can_write(text, resources, postgres, tmp_path):
    for url in (resources, address(postgres, tmp_path)):
        with pytest.raises(UserError):
            fetch(url, text, tmp_path)
        assert not (tmp_path / "rows").exists()
    assert fetch(resources, "select count(*) as n from sale", tmp_path)[1] == [{"n": 2}]
    assert fetch(address(postgres, tmp_path), "select count(*) as n from sale", tmp_path)[1] == [{"n": 2}]


@pytest.mark.parametrize(
    "text",
    [
        "select nextval('counter')",
        "select sneak()",
        "select lo_create(0)",
        "select set_config('transaction_read_only', 'off', false), sneak()",
        "select * from sale for update",
    ],
)
def test_functions_of_postgresql_do_not_write_either(text, postgres, tmp_path):
    with pytest.raises(UserError):
        fetch(address(postgres, tmp_path), text, tmp_path)
    with psycopg.connect(postgres) as conn:
        assert conn.execute("select count(*) from sale").fetchone() == (2,)


TO_FILES = ["select 1 into outfile '/tmp/x'", "select 1 into/**/dumpfile '/tmp/x'", "select 1 /*!50000 into @x */"]


def test_a_query_cannot_write_to_mysql_either(mysql, tmp_path):
    for text in [*WRITES, *TO_FILES]:
        with pytest.raises(UserError):
            fetch(mysql, text, tmp_path)
    assert fetch(mysql, "select count(*) as n from sale", tmp_path)[1] == [{"n": 2}]


def test_mysql_binds_values_keeps_types_and_stops_in_time(mysql, tmp_path):
    text = "select day, amount from sale where region = :region"
    assert fetch(mysql, text, tmp_path, region="North")[1] == [{"day": date(2026, 10, 3), "amount": Decimal("1240.50")}]
    assert fetch(mysql, text, tmp_path, region="x' or 1=1 -- ")[1] == []
    with pytest.raises(UserError, match="longer than 1 seconds"):
        fetch(mysql, "select sleep(30)", tmp_path, seconds=1)


@pytest.mark.parametrize("text", TO_FILES)
def test_what_only_mysql_would_write_is_refused_before_it_gets_there(text):
    with pytest.raises(UserError, match="only reads"):
        sql.require_reading(text)


@pytest.mark.parametrize("name", forbidden_functions.NAMES)
def test_every_function_that_reaches_beyond_the_rows_is_refused_by_name(name):
    for text in (f"select {name}('x')", f'select "{name.upper()}"/**/ (1)', f"select * from pg_catalog.{name}(1)"):
        with pytest.raises(UserError, match=f"(?i)“{name}” reaches beyond them") as refused:
            sql.require_reading(text)
        assert refused.value.field == "text"
    sql.require_reading(f"select my_{name}, {name}2, x${name} from sale")


@pytest.mark.parametrize("text", ["select U&\"\\006co_import\"('/etc/passwd')", "select 1 /*M!100000 , 2 */"])
def test_a_name_that_is_hidden_is_refused(text):
    with pytest.raises(UserError, match="only reads rows"):
        sql.require_reading(text)


def test_a_superuser_is_refused(postgres, tmp_path):
    known = database_address.read_url(postgres, tmp_path)
    with pytest.raises(UserError, match="is a superuser"):
        fetch(known.render_as_string(hide_password=False), "select 1 as n", tmp_path)
    with psycopg.connect(postgres, autocommit=True) as conn:
        conn.execute(f"grant pg_read_server_files to {READER}")
        try:
            with pytest.raises(UserError, match="may read and write files"):
                fetch(address(postgres, tmp_path), "select 1 as n", tmp_path)
        finally:
            conn.execute(f"revoke pg_read_server_files from {READER}")
    assert fetch(address(postgres, tmp_path), "select 1 as n", tmp_path)[1] == [{"n": 1}]


def test_an_extension_is_not_loaded(resources, tmp_path):
    with pytest.raises(UserError):
        fetch(resources, "select load_extension('x')", tmp_path)


def test_a_statement_that_takes_too_long_is_stopped(resources, postgres, tmp_path):
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
    for url, text in ((resources, endless), (address(postgres, tmp_path), "select pg_sleep(30)")):
        with pytest.raises(UserError, match="longer than 1 seconds"):
            fetch(url, text, tmp_path, seconds=1)


def test_at_most_the_requested_rows_are_read(resources, tmp_path):
    many = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000) select i from n"
    read, rows = fetch(resources, many, tmp_path, most=7_000)
    assert (read.rows, len(rows)) == (7_000, 7_000)
    assert "Only the first 7,000 rows were read." in read.notes


def test_a_column_whose_rows_differ_keeps_every_value(resources, tmp_path):
    text = "select 1 as a union all select 2.5 union all select 'x' union all select null"
    assert [row["a"] for row in fetch(resources, text, tmp_path)[1]] == ["1", "2.5", "x", None]


def test_two_columns_of_one_name_are_both_there(postgres, tmp_path):
    assert fetch(address(postgres, tmp_path), "select 1 as a, 2 as a", tmp_path)[1] == [{"a": 1, "a (2)": 2}]


def test_what_the_database_says_names_no_password(postgres, tmp_path):
    url = database_address.read_url("postgresql://ana:topsecret@127.0.0.1:1/x", tmp_path)
    with pytest.raises(UserError) as raised:
        fetch(url.render_as_string(hide_password=False), "select 1", tmp_path)
    assert "topsecret" not in raised.value.message
    assert "topsecret" not in database_address.masked(url)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("nothing", "not the address of a database"),
        ("oracle://a@b/c", "begins with postgresql://"),
        ("postgresql://", "names a server"),
        ("sqlite:///nowhere.db", "no file"),
        ("sqlite://", "whole path"),
        ("sqlite:///file:x?mode=rw", "whole path"),
    ],
)
def test_an_address_that_cannot_be_is_refused(given, words, tmp_path):
    with pytest.raises(UserError, match=words):
        database_address.read_url(given, tmp_path)


def test_the_panels_own_database_is_no_source(tmp_path):
    (tmp_path / "outtray.db").write_bytes(b"")
    with pytest.raises(UserError, match="Outtray's own"):
        database_address.read_url(f"sqlite:///{tmp_path}/outtray.db", tmp_path)
