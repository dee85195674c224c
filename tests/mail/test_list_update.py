"""A saved list is brought up to date: who is known changes, who is new is added, nobody is there twice."""

import csv
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from webapp.mail.list_update import ListTable, Updated, update
from webapp.reports.reading.sources import understand

OLD = "Mail,Name,Since,Points\nana@example.com,Ana,2026-01-02,1\nben@example.com,Ben,2026-02-03,2\n"


class Lists:
    def __init__(self, folder: Path) -> None:
        self.typed, self.text = folder / "typed", folder / "text"
        self._folder = folder

    def read(self, name: str, text: str):
        (self._folder / name).write_text(text)
        understood = understand(self._folder / name, f"{name}.csv", self._folder / f"{name}.parquet")
        return {"typed": self._folder / f"{name}.parquet", "columns": list(understood.columns)}

    def update(self, new: str, column: str = "Mail", old: str = OLD, only_new: bool = False) -> Updated:
        before = ListTable(**self.read("old", old), address_column="Mail")
        after = ListTable(**self.read("new", new), address_column=column)
        return update(before, after, self.typed, self.text, only_new)

    @property
    def rows(self) -> list[dict]:
        return pq.read_table(self.typed).to_pylist()


@pytest.fixture
def lists(tmp_path: Path) -> Lists:
    return Lists(tmp_path)


def test_the_known_change_and_the_new_are_added(lists):
    done = lists.update("E-mail,Name,Town\nBEN@example.com,Benedict,Rome\ncleo@example.com,Cleo,Bonn\n", "E-mail")
    assert (done.added, done.changed, done.removed, done.rows) == (1, 1, 0, 3)
    assert [column.name for column in done.columns] == ["Mail", "Name", "Since", "Points", "Town"]
    assert [(row["Mail"], row["Name"], row["Points"], row["Town"]) for row in lists.rows] == [
        ("ana@example.com", "Ana", 1, None),
        ("BEN@example.com", "Benedict", 2, "Rome"),
        ("cleo@example.com", "Cleo", None, "Bonn"),
    ]
    assert lists.rows[1]["Since"].isoformat() == "2026-02-03"
    first = list(csv.reader(lists.text.open(encoding="utf-8-sig")))[1]
    assert first == ["ana@example.com", "Ana", "2026-01-02", "1", ""]


def test_an_empty_cell_changes_nothing_and_the_same_is_no_change(lists):
    done = lists.update("Mail,Name,Points\nana@example.com,,1\nben@example.com,Ben,3\n")
    assert (done.added, done.changed) == (0, 1)
    assert [row["Name"] for row in lists.rows] == ["Ana", "Ben"]


def test_who_is_not_in_the_file_goes_only_where_that_is_wanted(lists):
    done = lists.update("Mail\nben@example.com\ncleo@example.com\n", only_new=True)
    assert (done.added, done.removed) == (1, 1)
    assert [row["Mail"] for row in lists.rows] == ["ben@example.com", "cleo@example.com"]


def test_rows_without_an_address_are_named_and_left_out(lists):
    done = lists.update("Mail,Name\nben@,Ben\n,Nobody\ncleo@example.com,Cleo\n")
    assert done.refused == ["Row 2: ben@", "Row 3: no address"]
    assert done.rows == 3


@pytest.mark.parametrize(
    ("points", "kind", "values"),
    [("2.5", "number", [1.0, 2.5]), ("many", "text", ["1", "many"]), ("2", "integer", [1, 2])],
)
def test_a_column_of_two_types_loses_no_value(lists, points, kind, values):
    done = lists.update(f"Mail,Points\nben@example.com,{points}\n")
    assert {column.name: column.type for column in done.columns}["Points"] == kind
    assert [row["Points"] for row in lists.rows] == values


def test_an_address_that_comes_twice_in_the_file_is_one_person(lists):
    done = lists.update("Mail,Name\ncleo@example.com,One\nCLEO@example.com,Two\n")
    assert (done.added, done.rows, lists.rows[-1]["Name"]) == (1, 3, "Two")
