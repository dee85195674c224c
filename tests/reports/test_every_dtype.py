"""Every value of a frame or an uploaded file is written to Excel and CSV and read back unchanged, or noted."""

import csv as python_csv
import datetime as dt
import io
import json
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from tests.reports.dtypes import KINDS, is_missing, is_same
from tests.reports.reading import csv_rows, upload
from webapp.reports.reading import frames, sources
from webapp.reports.writing import csv, excel, jsonlines, parquet
from webapp.reports.writing.normalise import Source, normalise

CALM = {"deadline": None, "suppress_health_check": list(HealthCheck), "derandomize": True, "database": None}


def written(source: Source, folder: Path) -> list[tuple[list[list[object]], str]]:
    """Returns the rows of each file, without the header, and its notes."""
    table = normalise(source, "xlsx")
    excel.write(table, folder / "a.xlsx")
    plain = normalise(source, "csv")
    csv.write(plain, folder / "a.csv")
    rows = CalamineWorkbook.from_path(folder / "a.xlsx").get_sheet_by_name("Report").to_python(skip_empty_area=False)
    assert rows[0] == table.schema.names
    width = len(table.schema.names)
    padded = [row + [""] * (width - len(row)) for row in rows[1:]]
    padded += [[""] * width for _ in range(table.rows - len(padded))]  # calamine drops empty rows at the end
    notes = " ".join(plain.notes)
    parquet.write(plain, folder / "a.parquet")
    stored = [[_cell(value) for value in row.values()] for row in pq.read_table(folder / "a.parquet").to_pylist()]
    jsonlines.write(plain, folder / "a.jsonl")
    lines = [json.loads(line) for line in (folder / "a.jsonl").read_text("utf-8").split("\n")[:-1]]
    objects = [[_cell(value) for value in row.values()] for row in lines]
    return [(padded, " ".join(table.notes)), (csv_rows(folder / "a.csv")[1:], notes), (stored, notes), (objects, notes)]


def _cell(value: object) -> object:
    return "" if value is None else value


def assert_told(values, cells, name, notes, dtype=""):
    """Checks that every value is there, or a changed one with a note, and that empty cells stay empty."""
    assert len(values) == len(cells)
    for value, cell in zip(values, cells, strict=True):
        if is_missing(value):
            assert cell == "", f"{cell!r} came of nothing"
        elif not is_same(value, cell, dtype):
            assert cell != "", f"{value!r} is gone"
            assert f"“{name}”" in notes, f"{value!r} became {cell!r} without a word"


@pytest.mark.parametrize("kind", KINDS)
def test_every_dtype_comes_back_the_same_or_is_noted(tmp_path, kind):
    values, may_miss, fill = KINDS[kind]
    cells = st.lists(values | st.none() if may_miss else values, max_size=6)

    @settings(max_examples=12, **CALM)
    @given(cells)
    def check(drawn):
        column = fill(drawn)
        for rows, notes in written(frames.of_frame(pd.DataFrame({"Value": column})), tmp_path):
            assert_told(list(column), [row[0] for row in rows], "Value", notes, str(column.dtype))

    check()


@settings(max_examples=60, **CALM)
@given(st.data())
def test_columns_of_all_dtypes_together_do_not_shift(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("frame")
    count = data.draw(st.integers(0, 4))
    columns = {}
    for kind in data.draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=5)):
        values, may_miss, fill = KINDS[kind]
        drawn = st.lists(values | st.none() if may_miss else values, min_size=count, max_size=count)
        columns[f"{len(columns)} {kind}"] = fill(data.draw(drawn))
    frame = pd.DataFrame(columns, index=range(count))
    for rows, notes in written(frames.of_frame(frame), folder):
        for place, name in enumerate(frame.columns):
            assert_told(list(frame[name]), [row[place] for row in rows], name, notes, str(frame[name].dtype))


CSV_VALUES = {
    "texts": st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10),
    "whole numbers": st.integers().map(str),
    "numbers": st.floats(allow_nan=False, allow_infinity=False).map(repr),
    "dates": st.dates().map(str),
    "moments": st.datetimes().map(str),
    "truths": st.sampled_from(["true", "false"]),
    "formulas": st.sampled_from(["=1+1", "@x", "+1", "-1", "007", "1,5", "1.234,5"]),
}


@settings(max_examples=100, **CALM)
@given(st.data())
def test_every_text_of_a_csv_file_comes_back_the_same_or_as_its_value(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("csv")
    values = CSV_VALUES[data.draw(st.sampled_from(sorted(CSV_VALUES)))]
    texts = data.draw(st.lists(values | st.just(""), max_size=5))
    out = io.StringIO()
    python_csv.writer(out).writerows([["Key", "Value"], *(["x", text] for text in texts)])
    uploaded = upload(folder, out.getvalue())
    typed = uploaded.column("Value")
    kind = uploaded.types["Value"]
    for text, value in zip(texts, typed, strict=True):
        assert (value is None) == (not text.strip() if kind != "text" else text == "")
        if kind == "text" and text:
            assert value == text
    for rows, notes in written(sources.of_typed(uploaded.typed), folder):
        assert_told(typed, [row[1] for row in rows], "Value", notes)


EXCEL_VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(-1e15, 1e15)
    | st.text(st.characters(min_codepoint=32, max_codepoint=0xFFFD, exclude_categories=["Cs"]), min_size=1, max_size=8)
    | st.datetimes(dt.datetime(1900, 3, 1), dt.datetime(9999, 12, 31)).map(lambda moment: moment.replace(microsecond=0))
    | st.dates(dt.date(1900, 3, 1))
)


@settings(max_examples=100, **CALM)
@given(st.lists(EXCEL_VALUES, max_size=6))
def test_every_cell_of_an_excel_file_is_read_and_written_again(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("book")
    book = openpyxl.Workbook()
    for row in (["Key", "Value"], *(["x", value] for value in values)):
        book.active.append(row)
        book.active.cell(book.active.max_row, 2).data_type = _stored(row[1])
    book.save(folder / "book.xlsx")
    uploaded = upload(folder, (folder / "book.xlsx").read_bytes(), "book.xlsx")
    typed = uploaded.column("Value")
    for value, read in zip(values, typed, strict=True):
        if isinstance(value, str) and not value.strip():
            continue  # openpyxl does not mark blanks as meant (xml:space), so Excel and others drop them
        assert (value is None) == (read is None)
        if uploaded.types["Value"] != "text" and value is not None:
            # openpyxl writes 16 digits of 17, and a day may stand among moments
            assert read == pytest.approx(value, rel=1e-15) if isinstance(value, float) else is_same(value, read)
    for rows, notes in written(sources.of_typed(uploaded.typed), folder):
        assert_told(typed, [row[1] for row in rows], "Value", notes)


def _stored(value: object) -> str:
    """openpyxl would read a text that begins with “=” as a formula."""
    if isinstance(value, str):
        return "s"
    return "b" if isinstance(value, bool) else "d" if isinstance(value, dt.date) else "n"
