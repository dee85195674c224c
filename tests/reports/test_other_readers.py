"""Tables of other programs, and overrides of how a table is read."""

import datetime as dt
from decimal import Decimal

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.reports.reading import Uploaded
from webapp.errors import UserError
from webapp.reports.reading import sources
from webapp.reports.reading.overrides import ParseOverrides


def upload(folder, content, name, **overrides):
    path = folder / "upload"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Uploaded(sources.understand(path, name, folder / "typed", ParseOverrides(**overrides)), folder / "typed")


def parquet(folder, **columns):
    pq.write_table(pa.table(columns), folder / "source")
    return (folder / "source").read_bytes()


def test_parquet_keeps_its_types_and_exact_numbers(tmp_path):
    zoned = pa.array([dt.datetime(2026, 11, 3, 9, tzinfo=dt.UTC)], pa.timestamp("us", "Europe/Madrid"))
    content = parquet(
        tmp_path,
        Money=[Decimal("1.10")],
        Id=[7],
        Code=["007"],
        Day=[dt.date(2026, 11, 3)],
        At=zoned,
        Kind=pa.array(["a"]).dictionary_encode(),
        Big=pa.array([2**63], pa.uint64()),
        Tags=[["x", "y"]],
    )
    read = upload(tmp_path, content, "x.parquet")
    assert list(read.types.values()) == ["number", "integer", "text", "date", "time", "text", "integer", "text"]
    moment = dt.datetime(2026, 11, 3, 10)
    assert read.rows == [(Decimal("1.10"), 7, "007", dt.date(2026, 11, 3), moment, "a", 2**63, '["x", "y"]')]
    assert "“At”: the times are in the zone Europe/Madrid." in read.notes
    assert "“Tags”: written as text." in read.notes


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" + b"x" * 500, b"PAR1" + b"\0" * 100 + b"PAR1"])
def test_what_only_says_that_it_is_parquet_is_refused(tmp_path, content):
    with pytest.raises(UserError, match="broken or not a Parquet file"):
        upload(tmp_path, content, "x.parquet")


def test_json_lines_are_read_as_people_read_them(tmp_path):
    lines = '{"Name": "Ana", "Code": "007", "Amount": 10.50, "When": "2026-11-03", "Paid": true}\n\n'
    lines += '{"Name": null, "Amount": 12345678901234567890, "Tags": {"a": [1]}}\n'
    read = upload(tmp_path, lines, "x.jsonl")
    assert read.types == {
        "Name": "text", "Code": "text", "Amount": "text", "When": "date", "Paid": "yes-no", "Tags": "text",
    }  # fmt: skip
    assert read.column("Amount") == ["10.50", "12345678901234567890"]
    assert read.column("Tags") == [None, '{"a": [1]}']


@pytest.mark.parametrize("line", ['{"a": 1', "[1, 2]", "{} x", "3", "{'a': 1}"])
def test_a_line_that_is_no_object_is_named(tmp_path, line):
    with pytest.raises(UserError, match="Line 2 of “x"):
        upload(tmp_path, '{"a": 1}\n' + line, "x.jsonl")


def test_a_person_says_what_a_column_of_a_text_is(tmp_path):
    content = 'Date,Price,Number\n01/02/2026,"1,234",12\n03/04/2026,"2,345",13\n'
    read = upload(tmp_path, content, "x.csv", types={"Date": "mdy", "Price": "comma", "Number": "text"})
    assert read.rows == [(dt.date(2026, 1, 2), 1.234, "12"), (dt.date(2026, 3, 4), 2.345, "13")]
    assert [column.wished for column in read.schema.columns] == ["mdy", "comma", "text"]
    assert upload(tmp_path, content, "x.csv", types={"Date": "dmy"}).column("Date")[0] == dt.date(2026, 2, 1)


def test_a_type_that_does_not_fit_a_column_is_refused(tmp_path):
    rows = "".join(f"{n}\n" for n in range(30))
    with pytest.raises(UserError, match="“A” cannot be read as whole number: row 32 holds “n/a”"):
        upload(tmp_path, f"A\n{rows}n/a\n", "x.csv", types={"A": "integer"})


def workbook(folder):
    book = openpyxl.Workbook()
    book.active.title = "First"
    book.active.append(["Text", "When"])
    book.active.append(["12", "03.11.2026"])
    book.create_sheet("Second").append(["Only"])
    book["Second"].append([5])
    book.create_sheet("Third")
    book.save(folder / "book.xlsx")
    return (folder / "book.xlsx").read_bytes()


def test_another_sheet_can_be_chosen(tmp_path):
    content = workbook(tmp_path)
    read = upload(tmp_path, content, "book.xlsx")
    assert (read.schema.sheet, list(read.schema.sheets)) == ("First", ["First", "Second", "Third"])
    second = upload(tmp_path, content, "book.xlsx", sheet="Second")
    assert (second.schema.sheet, second.rows, second.notes) == ("Second", [(5,)], "")
    with pytest.raises(UserError, match="The sheet “Third”"):
        upload(tmp_path, content, "book.xlsx", sheet="Third")
    with pytest.raises(UserError, match="no sheet “Fourth”"):
        upload(tmp_path, content, "book.xlsx", sheet="Fourth")


def test_texts_of_a_workbook_get_the_chosen_types(tmp_path):
    read = upload(tmp_path, workbook(tmp_path), "book.xlsx", types={"Text": "integer", "When": "dmy"})
    assert read.rows == [(12, dt.date(2026, 11, 3))]
