"""Column names and file names."""

import pytest

from webapp.reports.reading.column_names import made_unique
from webapp.reports.writing.filenames import safe


def test_good_names_stay():
    assert made_unique(["Name", "Unit price", "name"]) == (["Name", "Unit price", "name"], [])


def test_names_are_trimmed_to_one_line():
    assert made_unique([" Unit\r\n price ", "\ufeffName"]) == (["Unit price", "Name"], [])


def test_repeated_names_get_a_number_that_is_free():
    names, notes = made_unique(["a", "a", "a (2)", "a"])
    assert names == ["a", "a (3)", "a (2)", "a (4)"]
    assert len(notes) == 2


def test_many_empty_names_make_one_note():
    names, notes = made_unique(["", "Column 1", "", "", ""])
    assert names == ["Column 1 (2)", "Column 1", "Column 3", "Column 4", "Column 5"]
    assert notes == ["4 columns have no name. They are called “Column 1 (2)”, “Column 3”, “Column 4” and 1 more."]


def test_a_name_that_is_too_long_is_cut_and_stays_unique():
    names, notes = made_unique(["x" * 300, "x" * 301])
    assert len(set(names)) == 2
    assert max(map(len, names)) <= 255
    assert len(notes) == 2


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("report", "report.xlsx"),
        ("Report.XLSX", "Report.xlsx"),
        ("clients.csv", "clients.csv.xlsx"),
        ("März – Übersicht", "März – Übersicht.xlsx"),
        ("../../etc/passwd", "etc passwd.xlsx"),
        ("..\\..\\boot.ini", "boot.ini.xlsx"),
        ("a/b:c*d?e", "a b c d e.xlsx"),
        ("line\r\nbreak\x00", "line break.xlsx"),
        ("\u202egpj.exe", "gpj.exe.xlsx"),
        ("CON", "CON report.xlsx"),
        ("lpt1.txt", "lpt1.txt report.xlsx"),
        (" . ", "report.xlsx"),
        (".hidden", "hidden.xlsx"),
        ("", "report.xlsx"),
        ("x" * 400, "x" * 120 + ".xlsx"),
        ("e\u0301", "é.xlsx"),
    ],
)
def test_a_file_name_is_made_safe(wanted, name):
    assert safe(wanted, "xlsx") == name


def test_a_long_name_of_wide_letters_fits_into_255_bytes():
    name = safe("報" * 120, "xlsx")
    assert len(name.encode()) <= 255
    assert name.endswith("報.xlsx")
