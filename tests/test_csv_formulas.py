"""No CSV file that is made here holds a cell that a spreadsheet would calculate; and what is read back is the same."""

import csv
import io
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from webapp.mail import list_update, lists
from webapp.mail.list_update import ListTable
from webapp.paths import TEMPLATES
from webapp.ports.csv_cells import guarded, unguarded
from webapp.ports.tables import Column
from webapp.reports.shaping.shape import Source
from webapp.reports.writing import csv as report_csv
from webapp.reports.writing.normalise import normalise
from webapp.web.http import csv_response

SIGNS = ["=", "+", "-", "@", "＝", "＋", "－", "＠"]
BLANK = ["", " ", "   ", "\t", "\n", "\r", "\v", "\xa0", "\u3000", "\u2028", "\u200b", "\ufeff", "\u202e", " \u200b \t"]
FORMULAS = [f"{blank}{sign}1+1" for sign in SIGNS for blank in BLANK] + ["\tx", "\rx", "\nx"]
HARMLESS = ["", "x", "a=1", "'=1", "'", "''=1", "007", "(1)", " x", "ana@example.com", "“=1”", "1-1", "_=1"]
MAKERS = {"webapp/web/http/csv_response.py", "webapp/mail/list_update.py", "webapp/reports/reading/other_formats.py"}


def runs(cell: str) -> bool:
    """Whether a spreadsheet might calculate it: written apart from the rule of the program."""
    seen = re.sub(r"[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]", "", cell).strip()
    return seen[:1] in SIGNS or cell[:1] in ("\t", "\r", "\n")


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("cell", FORMULAS)
def test_every_formula_gets_a_guard(cell):
    assert runs(cell)
    assert not runs(guarded(cell))
    assert unguarded(guarded(cell)) == cell


@pytest.mark.parametrize("cell", HARMLESS)
def test_everything_else_stays_as_it_is(cell):
    assert guarded(cell) == cell


def test_lists_of_the_panel():
    cells = [row[0] for row in read(csv_response.lines([[cell] for cell in FORMULAS]))]
    assert cells == [f"'{cell}" for cell in FORMULAS]


def test_reports(tmp_path: Path):
    table = pa.table({"=1+1": FORMULAS, "n": [-1] * len(FORMULAS)})
    report_csv.write(normalise(Source(table.schema, table.to_batches), "csv"), tmp_path / "r.csv")
    rows = read((tmp_path / "r.csv").read_text("utf-8"))
    assert not [cell for row in rows for cell in row[:1] if runs(cell)]
    assert rows[1][1] == "-1"


def test_updated_lists(tmp_path: Path):
    names = [*FORMULAS, *(cell for cell in HARMLESS if unguarded(cell) == cell)]
    old = _list(tmp_path / "old", {"Mail": ["a@example.com"], "=Name": ["x"], "Points": [-1]})
    mails = [f"p{number}@example.com" for number in range(len(names))]
    new = _list(tmp_path / "new", {"Mail": mails, "=Name": [guarded(name) for name in names]})
    list_update.update(old, new, tmp_path / "typed", tmp_path / "text.csv", only_new=False)
    rows = read((tmp_path / "text.csv").read_text("utf-8-sig"))
    assert not [cell for row in rows for cell in row[:2] if runs(cell)]
    assert rows[1][2] == "-1"
    assert pq.read_table(tmp_path / "typed").column("=Name").to_pylist() == ["x", *(name.strip() for name in names)]


def test_a_downloaded_list_is_read_as_it_was(tmp_path: Path):
    table = _list(tmp_path / "list", {"Mail": ["'+ana@example.com"], "Phone": ["'+34 600"]})
    (row,) = lists.entries(table.typed, lists.Reading(column="Mail"))
    assert (row.to, row.values["Phone"]) == ("+ana@example.com", "+34 600")


def test_no_other_module_writes_csv():
    root = TEMPLATES.parent
    written = {
        str(path.relative_to(root))
        for path in (root / "webapp").rglob("*.py")
        if re.search(r"csv\.(writer|DictWriter)|\.to_csv|write_csv", path.read_text("utf-8"))
    }
    assert written == MAKERS


def _list(path: Path, columns: dict[str, list]) -> ListTable:
    pq.write_table(pa.table(columns), path)
    kinds = {name: "integer" if isinstance(cells[0], int) else "text" for name, cells in columns.items()}
    return ListTable(typed=path, columns=[Column(name, kind) for name, kind in kinds.items()], address_column="Mail")
