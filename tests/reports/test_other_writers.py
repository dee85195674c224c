"""CSV in every dialect, Parquet and JSON lines: read by other libraries."""

import csv as python_csv
import datetime as dt
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from webapp.errors import FormErrors, TaskError
from webapp.kinds.report.kind import ReportForm, check
from webapp.reports.writing import csv, jsonlines, parquet
from webapp.reports.writing.normalise import normalise, of_table

TABLE = pa.table(
    {
        "Name": ["Ana; Ruiz", "=1+1", "tab\there", None],
        "Amount": [1240.5, -0.25, float("inf"), None],
        "Whole": [1, 2**60, None, -3],
        "Since": [dt.datetime(2026, 11, 3, 9, 30, 0, 500_000), None, None, None],
    }
)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("mark", [True, False])
def test_csv_is_written_as_requested_and_read_back(tmp_path, delimiter, decimal, mark):
    path = tmp_path / "a.csv"
    csv.write(normalise(of_table(TABLE), "csv"), path, dialect=csv.Dialect(delimiter, decimal, mark))
    assert path.read_bytes().startswith(b"\xef\xbb\xbf") is mark
    if decimal == delimiter:
        return  # the form refuses it
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(python_csv.reader(lines, delimiter=delimiter))
    assert rows[0] == ["Name", "Amount", "Whole", "Since"]
    assert [row[0] for row in rows[1:]] == ["Ana; Ruiz", "'=1+1", "tab\there", ""]
    assert [row[1] for row in rows[1:3]] == [f"1240{decimal}5", f"-0{decimal}25"]
    assert [row[2] for row in rows[1:]] == ["1", str(2**60), "", "-3"]
    assert "09:30:00.5" in rows[1][3]  # a time keeps its point


def test_a_decimal_comma_between_commas_is_refused():
    with pytest.raises(FormErrors) as raised:
        check(ReportForm(data="people", format="csv", csv_decimal=","), None)  # type: ignore[arg-type]
    assert list(raised.value.errors) == ["csv_decimal"]


def test_parquet_keeps_values_and_types_and_says_what_was_changed(tmp_path):
    path = tmp_path / "a.parquet"
    parquet.write(normalise(of_table(TABLE, ["“Name”: shortened"]), "csv"), path)
    read = pq.read_table(path)
    assert read.to_pylist() == TABLE.to_pylist()
    assert json.loads(read.schema.metadata[parquet.NOTES])[0] == "“Name”: shortened"


def test_json_lines_hold_an_object_for_each_row(tmp_path):
    path = tmp_path / "a.jsonl"
    jsonlines.write(normalise(of_table(TABLE), "csv"), path)
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert rows[0] == {"Name": "Ana; Ruiz", "Amount": 1240.5, "Whole": 1, "Since": "2026-11-03T09:30:00.500000"}
    assert rows[2]["Amount"] == "inf"
    assert rows[3]["Name"] is None


@pytest.mark.parametrize("write", [parquet.write, jsonlines.write, csv.write])
def test_what_ends_the_writing_leaves_no_file(tmp_path, write):
    def stop(rows: int, words: str) -> None:
        raise TaskError("stopped")

    with pytest.raises(TaskError):
        write(normalise(of_table(TABLE), "csv"), tmp_path / "a", stop)
    assert not (tmp_path / "a").exists()
