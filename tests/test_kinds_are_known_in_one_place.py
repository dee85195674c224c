"""Outside its own folders and the list of kinds, no module knows a kind: by import, by its name or by its form."""

import ast
from collections.abc import Iterator

import pytest

from tests.test_imports import GRAPH, PATHS, TREES
from webapp.kinds import KINDS

FOLDERS = ("webapp.kinds", "webapp.web.email", "webapp.web.reports", "webapp.web.notifications")
LISTS = ("webapp.kinds", "webapp.web.start.kind_pages")  # one for all, one for what web pages need besides
ARTICLE = "webapp.web.api.article"  # its four routes are called after the kinds
FIELDS = {name for kind in KINDS.values() for name in kind.form.model_fields}


def _modules() -> list[str]:
    return [
        module
        for module in sorted(PATHS)
        if not module.startswith(FOLDERS) and module not in (*LISTS, ARTICLE) and "migrations" not in module
    ]


def _is_a_kinds_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value in KINDS


def _compared_or_looked_up(tree: ast.AST) -> Iterator[ast.AST]:
    """Comparisons of anything called kind with a kind's name; look-ups and tables by a kind's name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any("kind" in ast.unparse(side) for side in sides) and any(
                _is_a_kinds_name(part) for side in sides for part in ast.walk(side)
            ):
                yield node
        elif isinstance(node, ast.Call):
            is_lookup = ast.unparse(node.func).rpartition(".")[2] in ("kind", "KINDS", "get") and "ind" in ast.unparse(
                node.func
            )
            if is_lookup and any(_is_a_kinds_name(one) for one in node.args):
                yield node
        elif isinstance(node, ast.Subscript):
            if "KINDS" in ast.unparse(node.value) and _is_a_kinds_name(node.slice):
                yield node
        elif isinstance(node, ast.Dict):
            if sum(key is not None and _is_a_kinds_name(key) for key in node.keys) > 1:
                yield node
        elif isinstance(node, ast.MatchValue) and _is_a_kinds_name(node.value):
            yield node


def _read_fields(tree: ast.AST) -> Iterator[ast.AST]:
    """`task.form["to"]`, `row.form.get("to")`, `t.c.form["to"]`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript):
            holder, key = node.value, node.slice
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            holder, key = node.func.value, node.args[0] if node.args else node
        else:
            continue
        if ast.unparse(holder).endswith(".form") and isinstance(key, ast.Constant) and key.value in FIELDS:
            yield node


@pytest.mark.parametrize("module", _modules())
def test_a_module_knows_no_kind(module):
    imported = {name for name in GRAPH[module] if name.startswith("webapp.kinds.") and name != "webapp.kinds.fields"}
    found = [ast.unparse(node) for node in (*_compared_or_looked_up(TREES[module]), *_read_fields(TREES[module]))]
    assert (imported, found) == (set(), [])


def test_the_walk_would_find_them():
    source = """
if task.kind == "email": pass
resources.kind("report")
KINDS["self-test"]
WORDS = {"email": 1, "report": 2}
row.form["body"]; task.form.get("to")
"""
    tree = ast.parse(source)
    assert len([*_compared_or_looked_up(tree), *_read_fields(tree)]) == 6
