"""Parses the value of a filter by the type of its column. Without Arrow, because forms check values too."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from webapp.reports.shaping import periods
from webapp.reports.shaping.plan import DAYS, NUMBERS, Filter

YES, NO = ("yes", "true", "1", "on"), ("no", "false", "0", "off")
# 1,240.50 and 1240.5; in all other numbers a comma is the decimal sign.
POINT = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?")
SPACES = dict.fromkeys(map(ord, " \u00a0\u202f\u2009'’"))
ORDERED = ("<", "≤", ">", "≥")


@dataclass(frozen=True, kw_only=True)
class FilterValue:
    """The parsed value: text, number, truth or a span of days, depending on the type of the column."""

    text: str = ""
    number: Decimal = Decimal()
    truth: bool = False
    days: periods.Span = (date.min, date.max)


def filter_value(one: Filter, kind: str, today: date) -> FilterValue:
    """Returns the value of a filter for a column of this type; raises ValueError, with a message for people."""
    if one.test in ("empty", "filled"):
        return FilterValue()
    if one.value == "" and one.test in ("=", "≠"):
        raise ValueError(f"Write a value to compare “{one.column}” with, or choose “is empty”.")
    if one.value == "":
        raise ValueError(f"Write a value to compare “{one.column}” with.")
    if one.test == "contains":
        return FilterValue(text=one.value)
    if kind in NUMBERS:
        return FilterValue(number=_number(one))
    if kind in DAYS:
        return FilterValue(days=periods.span(one.value, today))
    if kind == "yes-no":
        return FilterValue(truth=_truth(one))
    return FilterValue(text=one.value)


def _number(one: Filter) -> Decimal:
    bare = one.value.strip().translate(SPACES)
    for text in (bare.replace(",", "") if POINT.fullmatch(bare) else "", bare.replace(".", "").replace(",", ".")):
        try:
            number = Decimal(text)
        except InvalidOperation:
            continue
        if number.is_finite() and abs(number) < Decimal(10) ** 20:
            return number
    raise ValueError(f"“{one.column}” holds numbers, and “{one.value}” is not a number.")


def _truth(one: Filter) -> bool:
    if one.test in ORDERED:
        raise ValueError(f"“{one.column}” holds yes and no: choose “is”.")
    word = one.value.strip().lower()
    if word not in (*YES, *NO):
        raise ValueError(f"“{one.column}” holds yes and no, and “{one.value}” is neither.")
    return word in YES
