"""How dates and numbers of a list read in a message."""

from datetime import date, datetime, time

import pytest

from webapp.mail.formats import DAYS, NUMBERS, choices, read, shown

DAY = date(2026, 3, 4)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("", "4 March 2026"),
        ("short", "4 Mar 2026"),
        ("american", "March 4, 2026"),
        ("slashes", "04/03/2026"),
        ("slashes-american", "03/04/2026"),
        ("dots", "04.03.2026"),
        ("iso", "2026-03-04"),
    ],
)
def test_a_day_is_written_as_wanted(code, words):
    assert shown(DAY, code) == words
    assert shown(datetime(2026, 3, 4), code) == words
    separator = " " if code == "iso" else ", "
    assert shown(datetime(2026, 3, 4, 9, 30), code) == f"{words}{separator}09:30"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("", ["12", "1234567.5", "-1240.25"]),
        ("comma", ["12", "1234567,5", "-1240,25"]),
        ("thousands", ["12", "1,234,567.5", "-1,240.25"]),
        ("thousands-dots", ["12", "1.234.567,5", "-1.240,25"]),
        ("thousands-spaces", ["12", "1\u202f234\u202f567,5", "-1\u202f240,25"]),
        ("cents", ["12.00", "1,234,567.50", "-1,240.25"]),
        ("cents-comma", ["12,00", "1.234.567,50", "-1.240,25"]),
    ],
)
def test_a_number_is_written_as_wanted(code, words):
    assert [shown(number, code) for number in (12, 1234567.5, -1240.25)] == words


@pytest.mark.parametrize("number", [1e20, float("inf"), float("nan"), -0.0, 10**30])
@pytest.mark.parametrize("code", NUMBERS)
def test_no_number_is_lost_or_breaks_a_message(number, code):
    assert shown(number, code)


@pytest.mark.parametrize(("value", "words"), [(None, ""), (True, "yes"), (time(9, 5), "09:05"), ("007", "007")])
def test_what_is_neither_reads_in_one_way(value, words):
    assert {shown(value, code) for code in (*DAYS, *NUMBERS, "nonsense")} == {words}


def test_a_form_names_the_column_behind_the_code():
    found = read(["iso Since when", "dots Until", "nonsense X", ""])
    assert found == {"Since when": "iso", "Until": "dots", "": ""}
    assert choices("text") == []
    assert choices("date")[0] == ("", "3 November 2026")
    assert choices("integer")[2] == ("thousands", "1,240.5")
