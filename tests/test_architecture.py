"""docs/architecture.md describes every package and draws the imports between them as they are."""

import re
from itertools import pairwise

import pytest

from tests import architecture
from tests.test_docs import DOCS, FENCED, code, rows, text
from tests.test_imports import GRAPH, PATHS, package

PAGE = DOCS / "architecture.md"


def drawings() -> list[str]:
    return [body.rstrip("\n") for _, body in FENCED.findall(text(PAGE))]


def test_the_imports_between_packages_are_drawn_as_they_are():
    assert architecture.drawing() in drawings(), "put the output of `python -m tests.architecture` into the page"


def directions() -> list[list[list[str]]]:
    """The chains of `a, b ← c`: lists of groups of packages, the imported ones first."""
    block = next(block for block in drawings() if "←" in block and "→" not in block)
    chains = re.sub(r"\n\s+←", " ←", block).splitlines()
    return [[group.strip().split(", ") for group in chain.split("←")] for chain in chains]


def members(name: str) -> set[str]:
    """The packages that a name of the drawing stands for: `web` stands for all of its folders."""
    return {one for one in architecture.imports() if one == name or one.startswith(f"{name}.")} or {name}


@pytest.mark.parametrize("chain", directions(), ids=lambda chain: chain[0][0])
def test_no_import_runs_against_a_drawn_direction(chain):
    for place, group in enumerate(chain):
        later = {one for further in chain[place + 1 :] for name in further for one in members(name)}
        for package_name in {one for name in group for one in members(name)}:
            assert architecture.imports().get(package_name, frozenset()) & later == set(), package_name


@pytest.mark.parametrize("chain", directions(), ids=lambda chain: chain[0][0])
def test_every_drawn_arrow_stands_for_an_import(chain):
    known = {(package(module), package(name)) for module, names in GRAPH.items() for name in names}
    for below, above in pairwise(chain):
        pairs = {(here, there) for a in above for here in members(a) for b in below for there in members(b)}
        assert known & pairs, f"{below} ← {above}"


def test_every_package_is_described():
    table = [cells for cells in rows(text(PAGE)) if cells[0].startswith("`")]
    described = {name for cells in table for name in code(cells[0])}
    foundations = set(code(text(PAGE).split("the foundations:")[1].split(".")[0]))
    packages = {package(module).partition(".")[0] for module in PATHS} - {"webapp"}
    assert described | foundations == packages
    assert foundations | {"webapp"} == architecture.FOUNDATIONS
