"""Imports run one way, as docs/decisions/0004 says; imports inside functions count, those for type checkers do not."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in (ROOT / "webapp").rglob("*.py")}

# A room is a folder of webapp/ or a module beside them. It may import itself, the leaves, and what its row says.
LEAVES: dict[str, set[str]] = {
    "errors": set(),
    "paths": set(),
    "clock": set(),
    "loops": {"clock"},
    "settings": {"errors"},
    "logs": {"settings"},
    "processes": {"errors"},
    "markup": set(),
}
FIELD = {"mail", "notify", "reports"}
TABLES = {"accounts", "db", "files", "ports", "tasks"}
ROOMS = {
    "secret": set(),
    "ports": set(),
    "db": {"ports"},
    "accounts": {"db", "ports", "secret"},
    "files": {"db", "ports"},
    "tasks": {"db", "files", "ports"},
    "engine": {"db", "ports", "tasks"},
    "mail": {"ports"},
    "mailroom": {"accounts", "db", "mail", "ports", "secret"},
    "notify": {"ports"},
    "channels": {"accounts", "db", "ports", "secret"},
    "databases": {"db", "ports", "reports", "secret"},
    "reports": {"ports"},
    "kinds": FIELD | {"ports"},
    "intake": {"files", "mail", "ports", "reports"},
    "house": TABLES | FIELD | {"channels", "databases", "engine", "intake", "kinds", "mailroom", "secret"},
    "housekeeping": TABLES | {"house"},
    "archive": TABLES | {"engine", "house"},
    "web": TABLES
    | FIELD
    | {"app", "channels", "databases", "engine", "house", "intake", "kinds", "mailroom", "secret"},
    "app": TABLES | {"engine", "house", "web"},
    "cli": TABLES | FIELD | {"archive", "engine", "house", "housekeeping", "mailroom", "secret", "web"},
    "preload": {"engine", "house", "mail"},
    "__main__": {"cli"},
}
MAY_IMPORT = LEAVES | {room: rooms | LEAVES.keys() for room, rooms in ROOMS.items()}
MAY_IMPORT_FASTAPI = {"app", "web"}
STARTED_FOR_A_SLOT = ["webapp.engine.slot", "webapp.installation"]


def room(module: str) -> str:
    return f"{module}.__init__".split(".")[1]


def imports(module: str) -> Iterator[str]:
    """The modules that one module imports when it runs, ours by their full names."""
    waiting: list[ast.AST] = [ast.parse(FILES[module].read_text())]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively in line {node.lineno}"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in FILES or f"{full}.__init__" in FILES else node.module
        else:
            waiting += ast.iter_child_nodes(node)


def file_of(module: str) -> str:
    return module if module in FILES else f"{module}.__init__"


GRAPH = {module: {file_of(name) for name in imports(module) if name.startswith("webapp.")} for module in FILES}


def test_every_room_is_in_the_table():
    assert {room(module) for module in FILES} - {"__init__"} <= MAY_IMPORT.keys()


@pytest.mark.parametrize("module", sorted(FILES.keys() - {"webapp.__init__"}))
def test_a_module_imports_only_what_its_room_may(module):
    here = room(module)
    assert {name for name in GRAPH[module] if room(name) not in MAY_IMPORT[here] | {here}} == set()


def test_no_module_is_imported_by_what_it_imports():
    TopologicalSorter(GRAPH).prepare()  # raises CycleError, which names the circle


def test_only_the_web_knows_fastapi():
    known = {module for module in FILES for name in imports(module) if name.split(".")[0] in ("fastapi", "starlette")}
    assert {module for module in known if room(module) not in MAY_IMPORT_FASTAPI} == set()


def test_a_slot_never_loads_the_web():
    loaded, waiting = set(), list(STARTED_FOR_A_SLOT)
    while waiting:
        module = waiting.pop()
        if module not in loaded:
            loaded.add(module)
            waiting += GRAPH.get(module, ())
    assert {module for module in loaded if room(module) in MAY_IMPORT_FASTAPI} == set()
