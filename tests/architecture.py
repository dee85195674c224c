"""Draws the imports between packages for docs/architecture.md: `python -m tests.architecture` writes them there."""

import re
from collections import defaultdict
from functools import cache
from pathlib import Path

from tests.test_imports import GRAPH, PATHS, package

PAGE = Path(__file__).parent.parent / "docs" / "architecture.md"
NOT_DRAWN = {"webapp", "web"}  # these two hold only the version and a docstring


@cache
def all_imports() -> dict[str, frozenset[str]]:
    """Returns what each package imports of the others."""
    found: dict[str, set[str]] = defaultdict(set)
    for module, names in GRAPH.items():
        found[package(module)] |= {package(name) for name in names} - {package(module)} - NOT_DRAWN
    return {name: frozenset(found[name]) for name in found.keys() - NOT_DRAWN}


@cache
def foundations() -> frozenset[str]:
    """Returns the single modules, and `markup`, that import nothing but each other: any package may import them."""
    single = {module.partition(".")[2] for module, path in PATHS.items() if path.name != "__init__.py"}
    found = {"markup"} | {name for name in all_imports() if name in single}
    while outside := {name for name in found if all_imports()[name] - found}:
        found -= outside
    return frozenset(found)


@cache
def imports() -> dict[str, frozenset[str]]:
    """Returns what each package imports of the others, foundations left out."""
    return {name: found - foundations() for name, found in all_imports().items() if name not in foundations()}


@cache
def level(name: str) -> int:
    """Returns 0 for a package that imports no other, else one more than the highest that it imports."""
    return max((level(imported) + 1 for imported in imports().get(name, ())), default=0)


def drawing() -> str:
    """Returns one line for each package, highest first: its name, and what it imports."""
    names = sorted(imports(), key=lambda name: (-level(name), name))
    width = max(map(len, names))
    lines = (f"{name:<{width}} → {' '.join(sorted(imports()[name]))}" for name in names if imports()[name])
    return "\n".join(lines)


def sentence() -> str:
    """Returns the sentence that lists the foundations."""
    return f"the foundations: {', '.join(f'`{name}`' for name in sorted(foundations()))}."


def write() -> None:
    """Puts the drawing and the list of foundations into the page."""
    page = re.sub(r"the foundations: .*?\.", lambda _: sentence(), PAGE.read_text(), count=1)
    page = re.sub(r"```text\n[^`]*→[^`]*?```", lambda _: f"```text\n{drawing()}\n```", page, count=1)
    PAGE.write_text(page)


if __name__ == "__main__":
    write()
