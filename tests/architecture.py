"""Draws the imports between packages, as docs/architecture.md shows them: python -m tests.architecture."""

from collections import defaultdict
from functools import cache

from tests.test_imports import GRAPH, LEAVES, package

# Any package may import these, so the drawing leaves them out; "webapp" itself holds only the version.
FOUNDATIONS = {*LEAVES, "crypto", "webapp"}


@cache
def imports() -> dict[str, frozenset[str]]:
    """Returns what each package imports of the others, foundations left out."""
    found: dict[str, set[str]] = defaultdict(set)
    for module, names in GRAPH.items():
        found[package(module)] |= {package(name) for name in names} - {package(module)} - FOUNDATIONS
    return {name: frozenset(found[name]) for name in found.keys() - FOUNDATIONS - {"web"}}


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


if __name__ == "__main__":
    print(drawing())
