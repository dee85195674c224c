"""Parses days as people write them in a filter: a date, a month, a year, or a period such as “last month”."""

import re
from collections.abc import Callable
from datetime import date, timedelta

Span = tuple[date, date]  # the first day and the last

_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})[./](\d{1,2})[./](\d{4})|(\d{1,2}) ([A-Za-z]{3,9}) (\d{4})")
_MONTH = re.compile(r"(\d{4})-(\d{1,2})")
_LAST = re.compile(r"(?:last|past) (\d{1,4}) (day|week|month|year)s?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

NAMED: dict[str, Callable[[date], Span]] = {
    "today": lambda day: (day, day),
    "yesterday": lambda day: (day - timedelta(1), day - timedelta(1)),
    "this week": lambda day: _week(day),
    "last week": lambda day: _week(day - timedelta(7)),
    "this month": lambda day: _months(day, 0, 1),
    "last month": lambda day: _months(day, -1, 1),
    "this quarter": lambda day: _months(day, -((day.month - 1) % 3), 3),
    "last quarter": lambda day: _months(day, -((day.month - 1) % 3) - 3, 3),
    "this year": lambda day: _months(day, 1 - day.month, 12),
    "last year": lambda day: _months(day, 1 - day.month - 12, 12),
    "last 7 days": lambda day: (day - timedelta(6), day),
    "last 30 days": lambda day: (day - timedelta(29), day),
}
NOT_A_DAY = "“{}” is not a date. Write 2026-11-03, or a period such as “last month”."


def span(text: str, today: date) -> Span:
    """Returns the days that `text` means; weeks begin on Monday (ISO 8601). Raises ValueError if it means none."""
    phrase = " ".join(text.lower().split())
    try:
        if phrase in NAMED:
            return NAMED[phrase](today)
        if match := _LAST.fullmatch(phrase):
            return _last(today, int(match[1]), match[2])
        if match := _MONTH.fullmatch(phrase):
            return _months(date(int(match[1]), int(match[2]), 1), 0, 1)
        if re.fullmatch(r"\d{4}", phrase):
            return date(int(phrase), 1, 1), date(int(phrase), 12, 31)
        day = _day(phrase)
    except (ValueError, OverflowError):
        raise ValueError(NOT_A_DAY.format(text)) from None
    return day, day


def _day(phrase: str) -> date:
    """Parses 2026-11-03, 3.11.2026, 3/11/2026 (the day first) or 3 Nov 2026."""
    match = _DATE.fullmatch(phrase)
    if not match:
        raise ValueError
    year, month, day, day2, month2, year2, day3, month3, year3 = match.groups()
    if year:
        return date(int(year), int(month), int(day))
    if year2:
        return date(int(year2), int(month2), int(day2))
    return date(int(year3), _MONTHS.index(month3[:3]) + 1, int(day3))


def _week(day: date) -> Span:
    monday = day - timedelta(day.weekday())
    return monday, monday + timedelta(6)


def _months(day: date, offset: int, count: int) -> Span:
    first = _first_of_month(day, offset)
    return first, _first_of_month(first, count) - timedelta(1)


def _first_of_month(day: date, offset: int) -> date:
    months = day.year * 12 + day.month - 1 + offset
    return date(months // 12, months % 12 + 1, 1)


def _last(today: date, count: int, unit: str) -> Span:
    """Returns the last `count` days, today included, or the last complete weeks, months or years."""
    if count < 1:
        raise ValueError
    if unit == "day":
        return today - timedelta(count - 1), today
    if unit == "week":
        monday, _ = _week(today)
        return monday - timedelta(7 * count), monday - timedelta(1)
    months = count * (12 if unit == "year" else 1)
    begin = date(today.year, 1, 1) if unit == "year" else today
    return _months(begin, -months, months)
