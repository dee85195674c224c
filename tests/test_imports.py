"""Imports run one way (docs/decisions/0004): those inside functions and those for type checkers count as well."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PATHS = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in (ROOT / "webapp").rglob("*.py")
}
TREES = {module: ast.parse(path.read_text()) for module, path in PATHS.items()}

# A package is a folder of webapp/ (a folder of web/ counts as one) or a module beside them. Each row may import itself,
# the leaves, and what it names.
LEAVES: dict[str, set[str]] = {
    "errors": set(),
    "paths": set(),
    "clock": set(),
    "loops": {"clock"},
    "settings": {"errors"},
    "logs": {"settings"},
    "fair_queue": set(),
    "sandbox_child": {"errors"},
    "sandbox_permits": {"errors", "fair_queue"},
    "sandbox": {"errors", "sandbox_child", "sandbox_permits"},
    "markup": {"sandbox", "sandbox_permits"},
    "references": set(),
    "file_lock": set(),
    "atomic": {"file_lock"},
}
FIELD = {"mail", "notify", "reports"}
STORES = {"accounts", "audit", "connections", "db", "files", "ports", "tasks"}
BELOW_WEB = STORES | FIELD | {"crypto", "engine", "identity", "ingest", "installation", "kinds", "starting", "webapp"}
WEB_LEVELS = [
    {"web.http"},
    {"web.forms", "web.account", "web.files"},
    {"web.email", "web.reports", "web.notifications", "web.tasks"},
    {"web.start", "web.api", "web.home"},
    {"web.ops"},
    {"web.settings"},
    {"web.routes", "web.budgets"},
]
PACKAGES = {
    "ports": set(),
    "crypto": set(),
    "db": {"ports"},
    "identity": {"crypto", "db"},
    "audit": {"db", "ports"},
    "accounts": {"audit", "db", "ports"},
    "files": {"db", "ports"},
    "tasks": {"accounts", "db", "files", "ports"},
    "engine": {"db", "ports", "tasks"},
    "mail": {"ports"},
    "notify": {"ports"},
    "reports": {"ports"},
    "kinds": FIELD | {"ports"},
    "connections": FIELD | {"accounts", "crypto", "db", "ports"},
    "form_context": STORES | {"reports"},
    "installation": STORES | FIELD | {"crypto", "identity", "engine", "form_context", "kinds"},
    "ingest": {"files", "installation", "mail", "ports", "reports"},
    "starting": {"audit", "installation", "ports", "tasks"},
    "maintenance": STORES | {"crypto", "identity", "engine", "installation", "webapp"},
    **{
        package: BELOW_WEB | set().union(*WEB_LEVELS[:level])
        for level, packages in enumerate(WEB_LEVELS)
        for package in packages
    },
    "app": BELOW_WEB | set().union(*WEB_LEVELS),
    "serving": {"app", "engine", "installation"},
    "cli": STORES | FIELD | {"crypto", "identity", "engine", "installation", "maintenance", "serving", "webapp"},
    "preload": {"engine", "installation", "mail"},
    "__main__": {"cli"},
    "webapp": set(),
}
MAY_IMPORT = LEAVES | {package: allowed | LEAVES.keys() for package, allowed in PACKAGES.items()}
MAY_IMPORT_FASTAPI = {"app", *set().union(*WEB_LEVELS)}
STARTED_FOR_A_SLOT = ["webapp.engine.slot", "webapp.installation"]


def package(module: str) -> str:
    parts = module.split(".")[1:]
    if not parts:
        return "webapp"
    return ".".join(parts[:2]) if parts[0] == "web" and len(parts) > 1 else parts[0]


def imports(module: str) -> Iterator[str]:
    """The modules that one module imports anywhere in it, ours by their full names."""
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively in line {node.lineno}"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in PATHS else str(node.module)


GRAPH = {module: {name for name in imports(module) if name in PATHS} - {module} for module in PATHS}


def test_every_package_is_in_the_table():
    assert {package(module) for module in PATHS} - {"web"} <= MAY_IMPORT.keys()


@pytest.mark.parametrize("module", sorted(PATHS.keys() - {"webapp", "webapp.web"}))
def test_a_module_imports_only_what_its_package_may(module):
    here = package(module)
    assert {name for name in GRAPH[module] if package(name) not in MAY_IMPORT[here] | {here}} == set()


def test_no_module_is_imported_by_what_it_imports():
    TopologicalSorter(GRAPH).prepare()  # raises CycleError, which names the cycle


def test_no_package_is_imported_by_what_it_imports():
    arrows = {(package(module), package(name)) for module, names in GRAPH.items() for name in names}
    graph: dict[str, set[str]] = {}
    for here, there in arrows:
        if here != there:
            graph.setdefault(here, set()).add(there)
    TopologicalSorter(graph).prepare()


def test_only_the_web_knows_fastapi():
    known = {module for module in PATHS for name in imports(module) if name.split(".")[0] in ("fastapi", "starlette")}
    assert {module for module in known if package(module) not in MAY_IMPORT_FASTAPI} == set()


def test_a_slot_never_loads_the_web():
    loaded, waiting = set(), list(STARTED_FOR_A_SLOT)
    while waiting:
        module = waiting.pop()
        if module not in loaded:
            loaded.add(module)
            waiting += GRAPH[module]
    assert {module for module in loaded if package(module) in MAY_IMPORT_FASTAPI} == set()
