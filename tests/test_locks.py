"""The locks pin the dependencies of pyproject.toml by hash, and name no package index."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS = PROJECT["dependency-groups"]
SHIPPED = PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["postgres"]
REQUIRED = {
    "requirements.lock": SHIPPED,
    "requirements-build.lock": GROUPS["build"],
    "requirements-dev.lock": SHIPPED + GROUPS["build"] + [name for name in GROUPS["dev"] if isinstance(name, str)],
}


def pins(lock: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / lock).read_text(), re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


@pytest.mark.parametrize("lock", REQUIRED)
def test_each_dependency_is_pinned_to_a_permitted_version(lock):
    pinned = pins(lock)
    for requirement in map(Requirement, REQUIRED[lock]):
        assert pinned.get(requirement.name), f"{requirement.name} is missing: make lock"
        assert all(requirement.specifier.contains(version) for version in pinned[requirement.name]), (
            f"{requirement}: make lock"
        )


@pytest.mark.parametrize("lock", REQUIRED)
def test_a_lock_holds_only_names_versions_markers_and_hashes(lock):
    line = r"([\w.-]+==[\w.]+( ; [^/:@]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?)"
    for text in (ROOT / lock).read_text().splitlines():
        assert re.fullmatch(line, text), text


def test_tests_use_the_shipped_versions():
    tested = pins("requirements-dev.lock")
    for lock in ("requirements.lock", "requirements-build.lock"):
        assert {name: versions for name, versions in pins(lock).items() if tested.get(name) != versions} == {}


def test_every_imported_package_is_shipped():
    shipped, made_by = pins("requirements.lock"), packages_distributions()
    for module in imported():
        names = {re.sub(r"[-_.]+", "-", name).lower() for name in made_by.get(module, ())}
        assert names & shipped.keys(), f"{module} is imported by webapp, but not among its dependencies"


def imported() -> set[str]:
    """Returns the top-level modules that webapp imports from other packages."""
    found: set[str] = set()
    for path in (ROOT / "webapp").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.split(".")[0])
    return found - sys.stdlib_module_names - {"webapp"}
