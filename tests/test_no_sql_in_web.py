"""No module of webapp/web builds or runs a statement: it hands a transaction on to the package that owns the table."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "webapp" / "web").rglob("*.py"))

# A transaction as a type, and the error that a control loop and the health check survive.
FROM_SQLALCHEMY = {("sqlalchemy", "Connection"), ("sqlalchemy.exc", "SQLAlchemyError")}
# Transactions, the version counter, preferences, whether the database is migrated and the clock believed.
FROM_DB = {"connect", "faults", "migrate", "preferences", "time_check"}
RUN_STATEMENTS = {"execute", "exec_driver_sql", "begin_nested"}


def sql_in(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name.startswith(("sqlalchemy", "webapp.db")))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
            names = {(node.module, one.name) for one in node.names}
            yield from (f"{module}.{name}" for module, name in names - FROM_SQLALCHEMY)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("webapp.db"):
            _, _, module = str(node.module).removeprefix("webapp").partition("db.")
            modules = {module} if module else {one.name for one in node.names}
            yield from (f"webapp.db.{one}" for one in modules - FROM_DB)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in RUN_STATEMENTS:
            yield f".{node.func.attr}()"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_of_the_web_has_no_sql(path):
    assert list(sql_in(path.read_text())) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from sqlalchemy import Connection, select", ["sqlalchemy.select"]),
        ("from sqlalchemy.dialects import postgresql", ["sqlalchemy.dialects.postgresql"]),
        ("import sqlalchemy as sa", ["sqlalchemy"]),
        ("from webapp.db import schema", ["webapp.db.schema"]),
        ("from webapp.db.schema import task", ["webapp.db.schema"]),
        ("import webapp.db.schema", ["webapp.db.schema"]),
        ("from webapp.db.prepared import CompiledStatement", ["webapp.db.prepared"]),
        ("def f(conn):\n    return conn.execute(statement)", [".execute()"]),
        ("from sqlalchemy import Connection\nfrom webapp.db.connect import current_version", []),
        ("from sqlalchemy.exc import SQLAlchemyError\nfrom webapp.db import preferences", []),
    ],
)
def test_sql_is_recognised(source, found):
    assert list(sql_in(source)) == found
