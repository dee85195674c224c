"""The written files, read by other libraries: header, cells, several sheets, formulas as text, a full disk."""

import datetime as dt
import os
import resource
import subprocess
import sys
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest

from tests.reports.reading import csv_rows, xlsx_rows
from webapp.errors import TaskError
from webapp.reports.writing import csv, excel
from webapp.reports.writing.normalise import normalise, of_table

FORMULAS = ["=1+1", "@x", "+1", "-1", "\t=1", "=cmd|' /C calc'!A0"]


def write_xlsx(table, path, progress=lambda rows, words: None):
    excel.write(normalise(of_table(table)), path, progress)
    return path


def write_csv(table, path, progress=lambda rows, words: None):
    csv.write(normalise(of_table(table), "csv"), path, progress)
    return path


def test_an_excel_file_has_a_bold_frozen_header_with_filters(tmp_path):
    sheet = openpyxl.load_workbook(write_xlsx(pa.table({"Name": ["Ana"], "Age": [25]}), tmp_path / "a.xlsx")).active
    assert [cell.value for cell in sheet[1]] == ["Name", "Age"]
    assert sheet["A1"].font.bold
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:B2")


def test_dates_have_formats_that_show_them_as_dates(tmp_path):
    table = pa.table({"Day": [dt.date(2024, 1, 2)], "When": [dt.datetime(2024, 1, 2, 3, 4, 5)]})
    sheet = openpyxl.load_workbook(write_xlsx(table, tmp_path / "a.xlsx")).active
    assert (sheet["A2"].number_format, sheet["B2"].number_format) == ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss")
    assert sheet["B2"].value == dt.datetime(2024, 1, 2, 3, 4, 5)


def test_columns_are_as_wide_as_their_contents(tmp_path):
    table = pa.table({"Short": ["x"], "Long": ["x" * 40], "Endless": ["x" * 4000]})
    widths = openpyxl.load_workbook(write_xlsx(table, tmp_path / "a.xlsx")).active.column_dimensions
    assert widths["A"].width < 15 < 35 < widths["B"].width < 50 < widths["C"].width < 70


def test_a_formula_is_a_plain_text_in_excel(tmp_path):
    table = pa.table({"=1+1": FORMULAS})
    sheet = openpyxl.load_workbook(write_xlsx(table, tmp_path / "a.xlsx")).active
    assert [cell.value for cell in sheet["A"]] == ["=1+1", *FORMULAS]
    assert {cell.data_type for cell in sheet["A"]} == {"s"}


def test_a_formula_is_guarded_in_csv_and_a_number_is_not(tmp_path):
    texts = [*FORMULAS, "\rx", "plain", None]
    table = pa.table({"=1+1": texts, "-n": [-1.5] * len(texts), "+i": [-3] * len(texts)})
    rows = csv_rows(write_csv(table, tmp_path / "a.csv"))
    assert rows[0] == ["'=1+1", "'-n", "'+i"]
    assert [row[0] for row in rows[1:]] == [f"'{text}" for text in [*FORMULAS, "\rx"]] + ["plain", ""]
    assert {(row[1], row[2]) for row in rows[1:]} == {("-1.5", "-3")}


def test_csv_is_quoted_only_where_it_must_be(tmp_path):
    table = pa.table({"a": ["plain", "with, comma", 'with "quotes"', "two\nlines", " blank "], "b": [1, 2, 3, 4, 5]})
    content = write_csv(table, tmp_path / "a.csv").read_bytes().decode()
    assert content.startswith("a,b\r\nplain,1\r\n")
    assert '"with ""quotes""",3\r\n' in content
    assert [row[0] for row in csv_rows(tmp_path / "a.csv")[1:]] == table["a"].to_pylist()


def test_csv_writes_numbers_dates_and_truths_plainly(tmp_path):
    table = pa.table(
        {
            "n": [1234567.5, 1e-5, None],
            "d": [dt.date(1850, 1, 2), None, None],
            "t": [dt.datetime(2024, 1, 2, 3, 4, 5), None, None],
            "b": [True, False, None],
        }
    )
    content = write_csv(table, tmp_path / "a.csv").read_text()
    assert content == "n,d,t,b\n1234567.5,1850-01-02,2024-01-02 03:04:05,true\n0.00001,,,false\n,,,\n"


def test_an_empty_cell_of_a_lonely_column_is_still_a_row(tmp_path):
    assert csv_rows(write_csv(pa.table({"a": ["x", None, "y"]}), tmp_path / "a.csv")) == [["a"], ["x"], [""], ["y"]]


def test_what_was_changed_is_on_a_second_sheet(tmp_path):
    path = write_xlsx(pa.table({"Amount": [1.0, float("inf")]}), tmp_path / "a.xlsx")
    assert xlsx_rows(path) == [("Amount",), (1,), ("inf",)]
    assert openpyxl.load_workbook(path).sheetnames == ["Report", "About this report"]
    assert xlsx_rows(path, 1)[-1] == ("Note", "“Amount”: 1 value was infinite and written as the text “inf”.")


def test_a_table_that_needed_no_change_has_one_sheet(tmp_path):
    assert openpyxl.load_workbook(write_xlsx(pa.table({"a": [1]}), tmp_path / "a.xlsx")).sheetnames == ["Report"]


@pytest.mark.parametrize("table", [pa.table({"a": pa.array([], pa.string())}), pa.table({})])
def test_a_table_without_rows_or_columns_is_a_file(tmp_path, table):
    assert [row for row in xlsx_rows(write_xlsx(table, tmp_path / "a.xlsx")) if row] == [("a",)] * table.num_columns
    assert csv_rows(write_csv(table, tmp_path / "a.csv")) == [["a"]] * table.num_columns


def test_rows_beyond_one_sheet_go_on_on_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr(excel, "SHEET_ROWS", 30_000)
    path = write_xlsx(pa.table({"n": list(range(70_000))}), tmp_path / "a.xlsx")
    assert openpyxl.load_workbook(path, read_only=True).sheetnames == ["Report", "Report (2)", "Report (3)"]
    sheets = [xlsx_rows(path, sheet) for sheet in range(3)]
    assert {sheet[0] for sheet in sheets} == {("n",)}
    assert [row[0] for sheet in sheets for row in sheet[1:]] == list(range(70_000))


def test_more_columns_than_excel_has_end_the_task_with_a_clear_message(tmp_path):
    table = pa.table({f"c{number}": [1] for number in range(16_385)})
    with pytest.raises(TaskError, match=r"16,385 columns, and Excel holds 16,384\. No file was made") as caught:
        write_xlsx(table, tmp_path / "a.xlsx")
    assert caught.value.fault == "form"


@pytest.mark.parametrize("write", [write_xlsx, write_csv])
def test_progress_follows_the_rows_and_then_names_the_writing(tmp_path, write):
    heard = []
    write(pa.table({"n": list(range(45_000))}), tmp_path / "a", lambda rows, words: heard.append((rows, words)))
    assert heard == [(20_000, ""), (40_000, ""), (45_000, "writing the file")]


class Stopped(BaseException):
    """Ends a task from within progress(), as StopRun does."""


@pytest.mark.parametrize("write", [write_xlsx, write_csv])
def test_a_stop_request_passes_through_unchanged(tmp_path, write):
    def stop(rows, words):
        raise Stopped

    with pytest.raises(Stopped):
        write(pa.table({"n": list(range(45_000))}), tmp_path / "a", stop)


def random_table():
    return pa.table({"n": [number * 0.7310001 % 1 for number in range(200_000)]})


def write_within(limit, kind, path):
    """Writes in a process where no file may grow beyond `limit`, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        {"xlsx": write_xlsx, "csv": write_csv}[kind](random_table(), Path(path))
    except TaskError as error:
        print(error.message, error.cause, error.permanent)


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@pytest.mark.parametrize("limit", [0, 100_000, 2_000_000])
def test_a_full_disk_ends_the_task_with_a_clear_message_and_leaves_no_half_file(tmp_path, kind, limit):
    code = f"from tests.reports.test_writers import *; write_within({limit}, {kind!r}, {str(tmp_path / 'a')!r})"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-B", "-c", code], capture_output=True, text=True, env=environment)
    assert done.stdout.startswith("There is no room left on the server's disk. No file was made."), done.stderr
    assert done.stdout.strip().endswith("disk-full True")
    assert list(tmp_path.iterdir()) == []
