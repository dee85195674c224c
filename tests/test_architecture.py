"""docs/architecture.md describes every package and draws the imports between them as they are."""

import re
from itertools import pairwise

import pytest

from tests import architecture
from tests.architecture import PAGE, imports
from tests.test_docs import FENCED, code, rows, text

UPDATE = "python -m tests.architecture updates the page"


def drawings() -> list[str]:
    return [body.rstrip("\n") for _, body in FENCED.findall(text(PAGE))]


def test_the_imports_between_packages_are_drawn_as_they_are():
    assert architecture.drawing() in drawings(), UPDATE


def test_the_foundations_are_listed_as_they_are():
    assert architecture.sentence() in text(PAGE), UPDATE


def directions() -> list[list[list[str]]]:
    """The chains of `a, b ← c`: lists of groups of packages, the imported ones first."""
    block = next(block for block in drawings() if "←" in block and "→" not in block)
    chains = re.sub(r"\n\s+←", " ←", block).splitlines()
    return [[group.strip().split(", ") for group in chain.split("←")] for chain in chains]


def members(group: list[str]) -> set[str]:
    """The packages of a group: `web` stands for all of its folders."""
    return {one for one in imports() for name in group if one == name or one.startswith(f"{name}.")}


@pytest.mark.parametrize("chain", directions(), ids=lambda chain: chain[0][0])
def test_no_import_runs_against_a_drawn_direction(chain):
    for place, group in enumerate(chain):
        later = set().union(*(members(further) for further in chain[place + 1 :]))
        assert {(name, found) for name in members(group) for found in imports()[name] & later} == set()


@pytest.mark.parametrize("chain", directions(), ids=lambda chain: chain[0][0])
def test_every_drawn_arrow_stands_for_an_import(chain):
    for below, above in pairwise(chain):
        assert any(imports()[name] & members(below) for name in members(above)), f"{below} ← {above}"


def test_every_package_is_described():
    table = [cells for cells in rows(text(PAGE)) if cells[0].startswith("`")]
    described = {name for cells in table for name in code(cells[0])}
    packages = {name.partition(".")[0] for name in architecture.all_imports()}
    assert described | architecture.foundations() == packages
