"""Uploaded workbooks: their schema, and error messages for files that are refused."""

import datetime as dt
import random
import struct
import zipfile
from pathlib import Path

import openpyxl
import pytest

from tests.reports import workbooks
from tests.reports.reading import upload
from tests.reports.workbooks import ods_cell, ods_row
from webapp.errors import UserError
from webapp.reports.reading import sources, zip_limits

FILES = Path(__file__).parent / "files"


def read(folder, path, name="stock.xlsx"):
    return upload(folder, path.read_bytes(), name)


def test_types_come_from_the_cells(tmp_path):
    when = dt.datetime(2024, 1, 2, 3, 4, 5)
    rows = [
        ["Name", "Count", "Price", "Since", "When", "Paid", "Code"],
        ["Köln", 1, 1.5, dt.date(2024, 1, 2), when, True, "007"],
        [None, 2, 3, dt.date(2023, 5, 6), dt.datetime(2024, 1, 2), False, "12"],
    ]
    uploaded = read(tmp_path, workbooks.xlsx(tmp_path / "book", rows))
    assert list(uploaded.types.values()) == ["text", "integer", "number", "date", "time", "yes-no", "text"]
    assert uploaded.rows[0] == ("Köln", 1, 1.5, dt.date(2024, 1, 2), when, True, "007")
    assert uploaded.rows[1] == (None, 2, 3.0, dt.date(2023, 5, 6), dt.datetime(2024, 1, 2), False, "12")
    assert uploaded.schema.sheet == "Sheet"
    assert uploaded.notes == ""


def test_times_and_durations_become_texts_and_are_noted(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Start", "Length"])
    book.active.append([dt.time(9, 30), dt.timedelta(hours=26, minutes=30)])
    book.active["B2"].number_format = "[h]:mm:ss"
    book.save(tmp_path / "book")
    uploaded = read(tmp_path, tmp_path / "book")
    assert uploaded.rows == [("09:30", "26:30:00")]
    assert "“Length”: Its durations are read as text." in uploaded.notes


def test_a_mixed_column_becomes_text_as_people_see_it_and_is_noted(tmp_path):
    rows = [["Value"], [1], [0.1], ["n/a"], [True], [dt.date(2024, 1, 2)]]
    uploaded = read(tmp_path, workbooks.xlsx(tmp_path / "book", rows))
    assert uploaded.column("Value") == ["1", "0.1", "n/a", "TRUE", "2024-01-02"]
    assert "text (first in row 4)" in uploaded.notes


def test_errors_and_formulas_without_a_result_are_read_as_empty_and_named(tmp_path):
    book = openpyxl.Workbook()
    for row in (["Amount", "Sum"], [1, 2], ["#DIV/0!", "=A2+1"]):
        book.active.append(row)
    book.active["A3"].data_type = "e"
    book.save(tmp_path / "book")
    uploaded = read(tmp_path, tmp_path / "book")
    assert uploaded.rows == [(1, 2)]
    assert "because of an error such as #DIV/0!: cell A3." in uploaded.notes
    assert "because a formula has no stored result: cell B3." in uploaded.notes


def test_the_header_is_the_first_row_that_holds_something(tmp_path):
    book = openpyxl.Workbook()
    for place, value in {"C5": "Name", "D5": "Age", "C6": "Ana", "D6": 25}.items():
        book.active[place] = value
    book.save(tmp_path / "book")
    uploaded = read(tmp_path, tmp_path / "book")
    assert (list(uploaded.types), uploaded.rows) == (["Name", "Age"], [("Ana", 25)])


def test_merged_cells_keep_their_value_in_the_first(tmp_path):
    book = openpyxl.Workbook()
    for row in (["Name", "Age"], ["Ana", 25], ["Ben", 30]):
        book.active.append(row)
    book.active.merge_cells("A2:A3")
    book.save(tmp_path / "book")
    assert read(tmp_path, tmp_path / "book").rows == [("Ana", 25), (None, 30)]


def test_empty_rows_and_columns_without_a_name_are_left_out(tmp_path):
    rows = [["a", None, "b"], [1, None, 2], [None, None, None], [3, None, 4]]
    uploaded = read(tmp_path, workbooks.xlsx(tmp_path / "book", rows))
    assert uploaded.rows == [(1, 2), (3, 4)]
    assert "1 empty row was left out." in uploaded.notes


def test_the_first_visible_sheet_with_data_is_read_and_the_others_mentioned(tmp_path):
    path = workbooks.xlsx(tmp_path / "book.xlsx", [], Hidden=[["no"], [1]], Clients=[["yes"], [2]], More=[["no"], [3]])
    book = openpyxl.load_workbook(path)
    book["Hidden"].sheet_state = "hidden"
    book.save(path)
    uploaded = read(tmp_path, path)
    assert (list(uploaded.types), uploaded.schema.sheet) == (["yes"], "Clients")
    assert "The file has 4 sheets. “Clients” was read" in uploaded.notes


def test_a_header_alone_is_a_table_without_rows(tmp_path):
    uploaded = read(tmp_path, workbooks.xlsx(tmp_path / "book", [["Name", "Age"]]))
    assert (uploaded.schema.rows, list(uploaded.types)) == (0, ["Name", "Age"])


def test_a_workbook_with_another_ending_is_read_all_the_same(tmp_path):
    path = workbooks.xlsx(tmp_path / "book", [["a"], [1]])
    assert read(tmp_path, path, "stock.csv").rows == [(1,)]


def test_the_old_format_is_read(tmp_path):
    uploaded = read(tmp_path, FILES / "clients.xls", "clients.xls")  # made with xlwt
    assert uploaded.rows == [("Köln", dt.date(2024, 1, 2), 1.5, True), ("007", dt.date(2024, 2, 3), -2.0, False)]


def test_the_binary_format_is_read(tmp_path):
    path = workbooks.xlsb(tmp_path / "book", [["Name", "Age"], ["Ana", 25], ["007", 30.5]])
    assert read(tmp_path, path, "clients.xlsb").rows == [("Ana", 25.0), ("007", 30.5)]


def test_open_document_is_read(tmp_path):
    cells = [ods_cell("date", "2024-01-02"), ods_cell("time", "PT26H30M00S"), ods_cell("boolean", "true")]
    body = ods_row(*(ods_cell("string", name) for name in "abcd")) + ods_row(ods_cell("float", "1.5"), *cells)
    body += ods_row(
        '<table:table-cell table:number-columns-repeated="16384"/>', attributes='table:number-rows-repeated="1048000"'
    )
    uploaded = read(tmp_path, workbooks.ods(tmp_path / "book", body), "clients.ods")
    assert uploaded.rows == [(1.5, dt.date(2024, 1, 2), "26:30:00", True)]


def test_a_protected_file_is_called_protected(tmp_path):
    with pytest.raises(UserError) as caught:
        read(tmp_path, FILES / "protected.xlsx")  # made with msoffcrypto-tool
    assert caught.value.message == "“stock.xlsx” is protected by a password. Save it without one."
    assert caught.value.field == "data"


@pytest.mark.parametrize("size", [0.1, 0.5, 0.9, 0.99])
def test_a_cut_off_workbook_is_called_broken(tmp_path, size):
    whole = workbooks.xlsx(tmp_path / "book", [["a"], *([number] for number in range(2000))]).read_bytes()
    with pytest.raises(UserError, match=r"“stock\.xlsx” is broken or not an Excel file"):
        upload(tmp_path, whole[: int(len(whole) * size)], "stock.xlsx")


@pytest.mark.parametrize(
    "content", [b"hello", b"a,b\n1,2\n", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), b"PK\x05\x06" + bytes(18)]
)
def test_what_is_no_workbook_is_refused(tmp_path, content):
    with pytest.raises(UserError, match=r"“stock\.xlsx” is broken or not an Excel file"):
        upload(tmp_path, content, "stock.xlsx")


@pytest.mark.parametrize("member", ["xl/worksheets/sheet1.xml", "xl/workbook.xml"])
@pytest.mark.parametrize("content", [b"<worksheet><sheetData><row", b"\0\1\2\3", b""])
def test_a_workbook_with_a_broken_part_is_called_broken_or_empty(tmp_path, member, content):
    path = workbooks.with_member(workbooks.xlsx(tmp_path / "book", [["a"], [1]]), member, content)
    with pytest.raises(UserError, match=r"“stock\.xlsx” is (broken|empty)"):
        read(tmp_path, path)


def test_an_empty_workbook_is_called_empty(tmp_path):
    with pytest.raises(UserError, match=r"“stock\.xlsx” is empty"):
        read(tmp_path, workbooks.xlsx(tmp_path / "book", []))


def test_another_zip_is_no_table(tmp_path):
    with zipfile.ZipFile(tmp_path / "zip", "w") as file:
        file.writestr("letter.txt", "hello")
    with pytest.raises(UserError, match=r"“clients\.csv” is a packed archive, not a table"):
        read(tmp_path, tmp_path / "zip", "clients.csv")


def zip_bomb(path, megabytes, declared=None):
    """Blanks, packed a thousand times smaller; `declared` is the size that the zip's directory admits to."""
    workbooks.xlsx(path, [["a"], [1]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as file, file.open("xl/more.xml", "w") as member:
        for _ in range(megabytes):
            member.write(b" " * (1 << 20))
    if declared is not None:
        content = bytearray(path.read_bytes())
        place = content.rfind(b"PK\x01\x02")
        content[place + 24 : place + 28] = struct.pack("<I", declared)
        path.write_bytes(content)
    return path


def test_a_small_file_that_unfolds_a_thousandfold_is_refused(tmp_path):
    with pytest.raises(UserError, match="too large to read when unpacked"):
        read(tmp_path, zip_bomb(tmp_path / "book", 110))


def test_a_file_that_hides_how_far_it_unfolds_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(zip_limits, "MOST_BYTES", 50 << 20)
    with pytest.raises(UserError, match="too large to read when unpacked"):
        read(tmp_path, zip_bomb(tmp_path / "book", 60, declared=1000))


def test_two_cells_in_far_corners_are_refused(tmp_path):
    book = openpyxl.Workbook()
    book.active["A1"] = "a"
    book.active["XFD1048576"] = 1
    book.save(tmp_path / "book")
    with pytest.raises(UserError, match="too large to read when unpacked"):
        read(tmp_path, tmp_path / "book")


@pytest.mark.parametrize("end", ['office:value-type="float" office:value="1"', 'office:value-type="string"'])
def test_a_cell_that_repeats_billions_of_times_is_refused(tmp_path, end):
    cell = f'<table:table-cell table:number-columns-repeated="16384" {end}><text:p>1</text:p></table:table-cell>'
    path = workbooks.ods(tmp_path / "book", ods_row(cell, attributes='table:number-rows-repeated="1048576"'))
    assert path.stat().st_size < 2000
    with pytest.raises(UserError, match="too large to read when unpacked"):
        read(tmp_path, path, "stock.ods")


def test_a_workbook_that_needs_too_much_memory_has_a_clear_message(tmp_path):
    # The interpreter with Arrow takes 130 MB on one machine and less on another; these 40 MB of text take 180 more.
    texts = random.Random(1)
    path = workbooks.xlsx(tmp_path / "book", [["a"], *([texts.randbytes(4000).hex()] for _ in range(5000))])
    with pytest.raises(UserError, match=r"“stock\.xlsx” was stopped: it needs more memory .* Save it as CSV"):
        sources.understand_apart(path, "stock.xlsx", tmp_path / "typed", seconds=300, memory_mb=180)
    assert sources.understand_apart(path, "stock.xlsx", tmp_path / "typed", seconds=300).rows == 5000
    assert sorted(file.name for file in tmp_path.iterdir()) == ["book", "typed"]
