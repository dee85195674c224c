"""The traps of the Excel writer that design.md lists, one by one, and their notes."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest

from tests.reports.reading import csv_rows, xlsx_rows
from webapp.reports.reading import frames
from webapp.reports.writing import csv, excel
from webapp.reports.writing.normalise import normalise, of_table


def in_excel(folder, values):
    array = values if isinstance(values, pa.Array) else pa.array(values)
    table = normalise(of_table(pa.table({"Value": array})))
    excel.write(table, folder / "a.xlsx")
    rows = [row[0] for row in xlsx_rows(folder / "a.xlsx")[1:]]
    return rows + [None] * (table.rows - len(rows)), " ".join(table.notes)


def in_csv(folder, values):
    array = values if isinstance(values, pa.Array) else pa.array(values)
    table = normalise(of_table(pa.table({"Value": array})), "csv")
    csv.write(table, folder / "a.csv")
    return [row[0] for row in csv_rows(folder / "a.csv")[1:]], " ".join(table.notes)


@pytest.mark.parametrize("value", [2**53, -(2**53)])
def test_whole_numbers_that_excel_keeps_stay_numbers(tmp_path, value):
    assert in_excel(tmp_path, [value, None]) == ([value, None], "")


@pytest.mark.parametrize("value", [2**53 + 1, -(2**53) - 1, -(2**63)])
def test_longer_whole_numbers_become_text(tmp_path, value):
    cells, notes = in_excel(tmp_path, [value, 1])
    assert cells == [str(value), "1"]
    assert "“Value”: the numbers are written as text, because some have more digits than Excel keeps." in notes
    assert in_csv(tmp_path, [value, 1]) == ([str(value), "1"], "")


def test_infinite_and_undefined_numbers_are_noted(tmp_path):
    cells, notes = in_excel(tmp_path, [1.5, float("inf"), -float("inf"), float("nan"), None])
    assert cells == [1.5, "inf", "-inf", None, None]
    assert "2 values were infinite and written as the text “inf”" in notes
    assert "1 value was not a number and left empty" in notes


def test_pandas_missing_numbers_are_just_empty(tmp_path):
    source = frames.of_frame(pd.DataFrame({"a": [1.0, None, 3.0]}))
    assert normalise(source).notes == []


def test_short_floats_keep_the_digits_that_people_typed(tmp_path):
    assert in_excel(tmp_path, pa.array([0.1, 96382528.0], pa.float32()))[0] == [0.1, 96382528]


def test_money_keeps_its_decimals(tmp_path):
    table = normalise(of_table(pa.table({"Price": [Decimal("12.50"), Decimal("-0.05")]})))
    assert table.formats == {"Price": "#,##0.00"}
    assert in_excel(tmp_path, [Decimal("12.50"), Decimal("-0.05")]) == ([12.5, -0.05], "")
    assert in_csv(tmp_path, [Decimal("12.50"), Decimal("-0.05")]) == (["12.50", "-0.05"], "")


def test_moments_before_1970_do_not_move(tmp_path):
    moments = [dt.datetime(1969, 1, 1, 0, 0, 1), dt.datetime(1900, 3, 1, 12), dt.datetime(2024, 1, 2, 3, 4, 5)]
    assert in_excel(tmp_path, pa.array(moments, pa.timestamp("us"))) == (moments, "")


def test_milliseconds_are_kept_and_finer_parts_noted(tmp_path):
    moment = dt.datetime(2024, 1, 2, 3, 4, 5, 123456)
    cells, notes = in_excel(tmp_path, [moment])
    assert cells == [dt.datetime(2024, 1, 2, 3, 4, 5, 123000)]
    assert "“Value”: the times are kept to the millisecond." in notes
    assert in_csv(tmp_path, [moment]) == (["2024-01-02 03:04:05.123456"], "")


@pytest.mark.parametrize("early", [dt.date(1899, 12, 31), dt.date(1900, 2, 28), dt.date(1, 1, 1)])
def test_dates_that_excel_does_not_know_become_text(tmp_path, early):
    cells, notes = in_excel(tmp_path, [early, dt.date(2024, 1, 2)])
    assert cells == [str(early), "2024-01-02"]
    assert "some are before March 1900" in notes
    assert in_csv(tmp_path, [early]) == ([str(early)], "")


def test_times_of_a_zone_are_those_of_its_clocks(tmp_path):
    moment = pd.Timestamp("2024-07-01 09:30", tz="Europe/Madrid").to_pydatetime()
    cells, notes = in_excel(tmp_path, pa.array([moment], pa.timestamp("us", "Europe/Madrid")))
    assert cells == [dt.datetime(2024, 7, 1, 9, 30)]
    assert "“Value”: the times are in the zone Europe/Madrid." in notes
    assert in_csv(tmp_path, pa.array([moment], pa.timestamp("us", "Europe/Madrid")))[0] == ["2024-07-01T09:30:00+02:00"]


def test_durations_and_times_of_day_are_formatted_fractions(tmp_path):
    assert in_excel(tmp_path, [dt.timedelta(hours=26, minutes=30)]) == ([dt.timedelta(hours=26, minutes=30)], "")
    assert in_excel(tmp_path, [dt.time(9, 30)]) == ([dt.time(9, 30)], "")
    assert in_csv(tmp_path, [dt.timedelta(hours=26, minutes=30)]) == (["26:30:00"], "")


def test_durations_below_zero_become_text(tmp_path):
    cells, notes = in_excel(tmp_path, [dt.timedelta(hours=-1), dt.timedelta(seconds=1)])
    assert cells == ["-01:00:00", "00:00:01"]
    assert "Excel has no negative durations" in notes


def test_long_texts_are_cut_where_excel_ends_and_noted(tmp_path):
    cells, notes = in_excel(tmp_path, ["x" * 32_767, "x" * 32_768, "😀" * 20_000])
    assert [len(cell) for cell in cells] == [32_767, 32_767, 16_383]
    assert "2 values were longer than Excel's 32,767 characters and cut" in notes
    assert in_csv(tmp_path, ["x" * 40_000]) == (["x" * 40_000], "")


def test_control_characters_do_not_break_the_file_and_are_noted(tmp_path):
    cells, notes = in_excel(tmp_path, ["a\x00b\x1fc\ufffe", "tab\tand\r\nline", "plain"])
    assert cells == ["a\ufffdb\ufffdc\ufffd", "tab\tand\nline", "plain"]
    assert "1 value was written with � for characters that Excel cannot hold" in notes


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (pa.array([b"abc"]), "abc"),
        (pa.array([b"\xff\x00"]), "0xff00"),
        (pa.array([[1, 2]]), "[1, 2]"),
        (pa.array([{"a": 1}]), '{"a": 1}'),
    ],
)
def test_what_no_cell_can_hold_becomes_text_and_is_noted(tmp_path, values, text):
    assert in_excel(tmp_path, values) == ([text], "“Value”: written as text.")


@pytest.mark.parametrize("kind", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())])
def test_every_kind_of_text_is_text(tmp_path, kind):
    values = (
        pa.array(["x", None, "y"]).cast(kind) if not pa.types.is_dictionary(kind) else pa.array(["x", None, "y"], kind)
    )
    assert in_excel(tmp_path, values) == (["x", None, "y"], "")


def test_categories_are_what_they_stand_for(tmp_path):
    assert in_excel(tmp_path, pa.array([5, None, 7], pa.int64()).dictionary_encode()) == ([5, None, 7], "")


def frame_rows(folder, frame):
    table = normalise(frames.of_frame(frame))
    excel.write(table, folder / "a.xlsx")
    return xlsx_rows(folder / "a.xlsx"), " ".join(table.notes)


def test_the_index_that_a_filter_leaves_is_no_column(tmp_path):
    frame = pd.DataFrame({"a": [1, 2, 3]})
    assert frame_rows(tmp_path, frame[frame["a"] > 1])[0] == [("a",), (2,), (3,)]


def test_an_index_that_says_something_is_a_column(tmp_path):
    frame = pd.DataFrame({"Age": [25, 30]}, index=pd.Index(["Ana", "Ben"], name="Name"))
    assert frame_rows(tmp_path, frame)[0] == [("Name", "Age"), ("Ana", 25), ("Ben", 30)]
    unnamed = pd.DataFrame({"Age": [25]}, index=["Ana"])
    assert frame_rows(tmp_path, unnamed)[0] == [("Index 1", "Age"), ("Ana", 25)]


def test_an_index_of_several_levels_is_several_columns(tmp_path):
    frame = pd.DataFrame({"n": [1, 2, 3]}, index=pd.MultiIndex.from_tuples([("x", 1), ("x", 2), ("y", 1)]))
    assert frame_rows(tmp_path, frame)[0] == [("Index 1", "Index 2", "n"), ("x", 1, 1), ("x", 2, 2), ("y", 1, 3)]


def test_names_of_several_levels_are_joined(tmp_path):
    frame = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("Sum", "North"), ("Sum", "")]))
    rows, notes = frame_rows(tmp_path, frame)
    assert rows[0] == ("Sum / North", "Sum")
    assert "joined with “/”" in notes


def test_repeated_and_odd_names_are_made_unique(tmp_path):
    frame = pd.DataFrame([[1, 2, 3, 4]], columns=pd.Index(["a", "a", 5, None], dtype=object))
    rows, notes = frame_rows(tmp_path, frame)
    assert rows == [("a", "a (2)", "5", "Column 4"), (1, 2, 3, 4)]
    assert "More than one column is called “a”" in notes


@pytest.mark.parametrize("frame", [pd.DataFrame(), pd.DataFrame({"a": []}), pd.DataFrame(index=[3, 4])])
def test_an_empty_frame_is_an_empty_table(tmp_path, frame):
    assert [row for row in frame_rows(tmp_path, frame)[0] if row] == [tuple(frame.columns)] * bool(len(frame.columns))
