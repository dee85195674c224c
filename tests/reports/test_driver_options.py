"""The options of an address: those of the allow-list work, every other one of the drivers is refused by name."""

import inspect
from pathlib import Path

import psycopg
import pymysql
import pytest

from webapp.errors import UserError
from webapp.reports.reading import database_address, sql
from webapp.reports.reading.sql import BoundQuery

URLS = {"postgresql": "postgresql://ana:pw@127.0.0.1:1/shop", "mysql": "mysql://ana:pw@127.0.0.1:1/shop"}
GIVEN_BY_THE_ADDRESS = {"user", "password", "host", "port", "dbname", "database"}


def of_libpq() -> set[str]:
    """Every option that libpq knows, and its parameters of the connection."""
    known = {one.keyword.decode() for one in psycopg.pq.Conninfo.get_defaults()}
    return known | {"prepare_threshold", "row_factory", "cursor_factory", "context", "autocommit", "conninfo"}


def of_pymysql() -> set[str]:
    return {*inspect.signature(pymysql.connections.Connection.__init__).parameters} - {"self"}


# What SQLAlchemy takes out of an address for these drivers by itself.
OF_SQLALCHEMY = {"ssl_ca", "ssl_key", "ssl_cert", "ssl_capath", "ssl_cipher", "ssl_check_hostname", "plugin", "dialect"}
EVERY = {"postgresql": of_libpq() | OF_SQLALCHEMY, "mysql": of_pymysql() | OF_SQLALCHEMY}
REFUSED = [
    (scheme, option)
    for scheme, options in EVERY.items()
    for option in sorted(options - database_address.ALLOWED[scheme].keys())
]


def test_the_dangerous_ones_are_among_those_that_are_tried():
    assert {"local_infile", "read_default_file", "init_command", "unix_socket", "ssl_ca"} <= EVERY["mysql"]
    assert {"options", "service", "passfile", "sslkey", "hostaddr"} <= EVERY["postgresql"]


@pytest.mark.parametrize(("scheme", "option"), REFUSED)
def test_an_option_is_refused_by_name_when_it_is_entered_and_when_it_is_stored(scheme: str, option: str):
    url = f"{URLS[scheme]}?{option}=1"
    with pytest.raises(UserError, match=f"“{option}” is no option") as refused:
        database_address.read_url(url, Path("/nowhere"))
    assert refused.value.field == "url"
    driver = database_address.SCHEMES[scheme]
    stored = BoundQuery(url=url.replace(scheme, driver, 1), text="select 1", values={}, seconds=1)
    with pytest.raises(UserError, match=f"“{option}” is no option"):
        sql.first_column(stored)


@pytest.mark.parametrize(
    ("scheme", "query"),
    [
        ("postgresql", "sslmode=verify-full&sslrootcert=system&connect_timeout=3"), ("postgresql", "sslmode=disable"),
        ("mysql", "ssl_verify_cert=true&ssl_verify_identity=1&connect_timeout=3&read_timeout=9"),
        ("mysql", "ssl_disabled=false"),
    ],
)  # fmt: skip
def test_tls_and_time_outs_may_be_set(scheme: str, query: str):
    known = database_address.read_url(f"{URLS[scheme]}?{query}", Path("/nowhere"))
    assert database_address.options(known).keys() == {part.partition("=")[0] for part in query.split("&")}


@pytest.mark.parametrize(
    ("scheme", "query"),
    [
        ("postgresql", "sslmode=none"), ("postgresql", "sslrootcert=/etc/passwd"), ("postgresql", "connect_timeout=0"),
        ("postgresql", "connect_timeout=601"), ("postgresql", "connect_timeout=x"), ("postgresql", "host=a&host=b"),
        ("mysql", "read_timeout=-1"), ("mysql", "read_timeout=1e3"), ("mysql", "read_timeout=٣"),
        ("mysql", "ssl_disabled=maybe"), ("mysql", "ssl_disabled=true&ssl_disabled=false"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named(scheme: str, query: str):
    with pytest.raises(UserError, match="cannot be") as refused:
        database_address.read_url(f"{URLS[scheme]}?{query}", Path("/nowhere"))
    assert refused.value.field == "url"
