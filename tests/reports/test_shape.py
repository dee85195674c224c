"""The rows of a report: filtered, grouped, calculated exactly, sorted, limited, with a total row."""

import random
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from tests.reports.shaping import Order, Work, rows, shaped, where
from webapp.errors import TaskError
from webapp.reports.shaping.periods import span

SALES = pa.table(
    {
        "Id": [1, 2, 3, 4, 5],
        "Region": ["North", "south", "North", None, " "],
        "Amount": [10.1, 20.2, None, 0.3, -5.0],
        "Day": [date(2026, 11, 3), date(2026, 10, 1), date(2026, 10, 31), date(2025, 12, 31), None],
        "At": pa.array(
            [datetime(2026, 11, 2, 23, 59, 59), None, datetime(2026, 11, 3), None, None], pa.timestamp("us")
        ),
        "Paid": [True, False, None, True, False],
        "Code": ["007", "7", "08", "a.b", "A%"],
    }
)


@pytest.mark.parametrize(
    ("test", "ids"),
    [
        (("Region", "=", "north"), [1, 3]),
        (("Region", "≠", "North"), [2, 4, 5]),
        (("Region", "contains", "OUT"), [2]),
        (("Region", "empty", ""), [4, 5]),
        (("Region", "filled", ""), [1, 2, 3]),
        (("Region", ">", "north"), [2]),
        (("Amount", ">", "10"), [1, 2]),
        (("Amount", "=", "20,2"), [2]),
        (("Amount", "≤", "0.3"), [4, 5]),
        (("Amount", "empty", ""), [3]),
        (("Amount", "contains", "0."), [1, 2, 4]),
        (("Id", "≥", "4"), [4, 5]),
        (("Id", "<", "1.5"), [1]),
        (("Day", "=", "last month"), [2, 3]),
        (("Day", "=", "2026"), [1, 2, 3]),
        (("Day", "≠", "last month"), [1, 4, 5]),
        (("Day", "<", "2026-10"), [4]),
        (("Day", "≤", "2026-10"), [2, 3, 4]),
        (("Day", ">", "1.10.2026"), [1, 3]),
        (("Day", "≥", "31 Oct 2026"), [1, 3]),
        (("At", "=", "yesterday"), [1]),
        (("At", "=", "today"), [3]),
        (("Paid", "=", "yes"), [1, 4]),
        (("Paid", "≠", "yes"), [2, 3, 5]),
        (("Code", "=", "7"), [2]),
        (("Code", "contains", "."), [4]),
        (("Code", "contains", "%"), [5]),
    ],
)
def test_a_filter_compares_by_the_type_of_its_column(test, ids):
    assert where(SALES, test) == ids


def test_filters_hold_together():
    assert where(SALES, ("Region", "=", "North"), ("Amount", "filled", "")) == [1]


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("today", "2026-11-03", "2026-11-03"),
        ("this week", "2026-11-02", "2026-11-08"),
        ("Last  Week", "2026-10-26", "2026-11-01"),
        ("this month", "2026-11-01", "2026-11-30"),
        ("this quarter", "2026-10-01", "2026-12-31"),
        ("last quarter", "2026-07-01", "2026-09-30"),
        ("last year", "2025-01-01", "2025-12-31"),
        ("last 7 days", "2026-10-28", "2026-11-03"),
        ("last 3 months", "2026-08-01", "2026-10-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("3/11/2026", "2026-11-03", "2026-11-03"),
    ],
)
def test_days_can_be_named_by_periods(words, first, last):
    assert span(words, date(2026, 11, 3)) == (date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize("words", ["", "soon", "2026-13", "31.02.2026", "last 0 days", "last 9999 years", "0000"])
def test_an_invalid_day_is_explained(words):
    with pytest.raises(ValueError, match="is not a date"):
        span(words, date(2026, 11, 3))


def test_money_does_not_drift_over_100_000_rows():
    draw = random.Random(7)
    cents = [draw.randrange(-10_000_000, 10_000_000) for _ in range(100_000)]
    regions = [draw.choice("NSEW") for _ in cents]
    table = pa.table({"Region": regions, "Amount": [cent / 100 for cent in cents]})
    exact = {
        region: sum(
            (Decimal(cent) / 100 for cent, here in zip(cents, regions, strict=True) if here == region), Decimal()
        )
        for region in "ENSW"
    }
    assert rows(table, group_by=["Region"], works=[Work("Amount", "sum")]) == sorted(exact.items())
    assert rows(table, works=[Work("Amount", "sum")]) == [(sum(exact.values()),)]


def test_whole_numbers_beyond_64_bits_add_up():
    table = pa.table({"A": [2**62] * 5})
    assert rows(table, works=[Work("A", "sum")]) == [(Decimal(5 * 2**62),)]


def test_parts_with_more_decimals_than_others_add_up_exactly():
    table = pa.concat_tables([pa.table({"A": [0.1] * 30_000}), pa.table({"A": [0.001] * 30_000})])
    assert rows(table, works=[Work("A", "sum")]) == [(Decimal("3030.000"),)]


def test_numbers_without_an_end_are_added_as_they_are():
    ((total,),) = rows(pa.table({"A": [1 / 3, 1 / 7, float("nan")]}), works=[Work("A", "sum")])
    assert total == pytest.approx(1 / 3 + 1 / 7)


def test_every_calculation_works_on_a_group():
    works = [Work("Amount", how) for how in ("sum", "mean", "min", "max", "count")] + [Work("", "count")]
    found = rows(SALES, group_by=["Paid"], works=works)
    assert found == [
        (False, Decimal("15.2"), 7.6, -5.0, 20.2, 2, 2),
        (True, Decimal("10.4"), pytest.approx(5.2), 0.3, 10.1, 2, 2),
        (None, None, None, None, None, 0, 1),
    ]


def test_a_group_without_anything_to_work_out_counts_its_rows():
    source = shaped(SALES, group_by=["Paid"])
    assert source.schema.names == ["Paid", "Rows"]


def test_a_total_keeps_its_columns_name_and_others_say_what_they_are():
    works = [Work("Amount", "sum"), Work("Id", "max"), Work("Id", "min")]
    assert shaped(SALES, group_by=["Paid"], works=works).schema.names == ["Paid", "Amount", "Id: highest", "Id: lowest"]


def test_the_average_of_a_total_row_is_that_of_all_rows():
    table = pa.table({"K": ["a", "b", "b", "b"], "A": [10.0, 1.0, 2.0, 3.0]})
    found = rows(table, group_by=["K"], works=[Work("A", "mean"), Work("A", "sum")], total_row=True)
    assert found[-1] == ("Total", 4.0, Decimal(16))


def test_a_total_row_adds_up_the_rows_that_are_shown():
    table = pa.table({"K": ["a", "b", "c"], "A": [1.5, 2.5, 30.0]})
    more = {"group_by": ["K"], "works": [Work("A", "sum")], "sort": [Order("A", True)], "top": 2, "total_row": True}
    assert rows(table, **more) == [("c", Decimal("30.0")), ("b", Decimal("2.5")), ("Total", Decimal("32.5"))]


def test_rows_stay_beside_a_total_row_without_groups():
    found = rows(SALES, columns=["Region", "Amount"], works=[Work("Amount", "sum")], total_row=True)
    assert len(found) == 6
    assert found[-1] == ("Total", 25.6)


def test_a_cross_table_has_a_column_for_each_value_and_gaps_stay_empty():
    table = pa.table({"P": ["x", "x", "y", "x"], "R": ["S", "N", "S", None], "A": [1, 2, 4, 8]})
    source = shaped(table, group_by=["P"], across="R", works=[Work("A", "sum")], total_row=True)
    assert source.schema.names == ["P", "N", "S", "(empty)"]
    found = [tuple(row.values()) for batch in source.batches() for row in batch.to_pylist()]
    assert found == [("x", 2, 1, 8), ("y", None, 4, None), ("Total", 2, 5, 8)]


def test_the_total_row_of_a_cut_cross_table_adds_up_what_is_shown():
    table = pa.table({"P": ["x", "y", "z"], "R": ["N", "N", "S"], "A": [5, 2, 9]})
    more = {"group_by": ["P"], "across": "R", "works": [Work("A", "sum")], "total_row": True}
    assert rows(table, **more, sort=[Order("N", True)], top=2) == [("x", 5, None), ("y", 2, None), ("Total", 7, None)]


def test_a_cross_table_that_would_be_too_wide_says_so():
    table = pa.table({"P": ["x"] * 600, "R": list(range(600)), "A": [1] * 600})
    with pytest.raises(TaskError, match="600 different values") as raised:
        rows(table, group_by=["P"], across="R", works=[Work("A", "sum")])
    assert raised.value.fault == "form"


def test_words_are_sorted_as_people_do_and_empty_cells_come_last():
    table = pa.table({"W": ["Zoe", "ärger", None, "Anna", "zoe", "Ära"]})
    assert [row[0] for row in rows(table, sort=[Order("W")])] == ["Anna", "Ära", "ärger", "Zoe", "zoe", None]
    assert rows(table, sort=[Order("W", True)])[-1] == (None,)


def test_the_first_rows_after_sorting_by_several_columns():
    table = pa.table({"A": [1, 2, 1, 2] * 100_000, "B": list(range(400_000))})
    assert rows(table, sort=[Order("A", True), Order("B")], top=2) == [(2, 1), (2, 3)]


def test_columns_are_chosen_ordered_and_renamed():
    source = shaped(SALES, columns=["Paid", "Id"], names={"Id": "Number"})
    assert source.schema.names == ["Paid", "Number"]


def test_no_rows_cause_no_error():
    nothing = SALES.slice(0, 0)
    assert rows(nothing, group_by=["Region"], works=[Work("Amount", "sum")], total_row=True) == []
    assert rows(nothing, works=[Work("Amount", "sum"), Work("", "count")]) == [(None, 0)]
    assert rows(nothing, sort=[Order("Id")], top=3) == []
