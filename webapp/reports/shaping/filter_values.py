"""What a filter compares with: the value a person typed, read by the type of its column. No Arrow: forms check it."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from webapp.reports.shaping import periods
from webapp.reports.shaping.plan import DAYS, NUMBERS, Filter

YES, NO = ("yes", "true", "1", "on"), ("no", "false", "0", "off")
# 1,240.50 and 1240.5; anything else with a comma has it as its decimal sign.
POINT = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?")
SPACES = dict.fromkeys(map(ord, " \u00a0\u202f\u2009'’"))
ORDERED = ("<", "≤", ">", "≥")


@dataclass(frozen=True)
class Wanted:
    """`value` as text, number, truth or a span of days, as the type of the column has it."""

    text: str = ""
    number: Decimal = Decimal()
    truth: bool = False
    days: periods.Span = (date.min, date.max)


def wanted(one: Filter, kind: str, today: date) -> Wanted:
    """What `one` compares a column of this type with; ValueError, in plain words, where its value is none."""
    if one.test in ("empty", "filled"):
        return Wanted()
    if one.value == "" and one.test in ("=", "≠"):
        raise ValueError(f"Write what “{one.column}” is compared with, or choose “is empty”.")
    if one.value == "":
        raise ValueError(f"Write what “{one.column}” is compared with.")
    if one.test == "contains":
        return Wanted(text=one.value)
    if kind in NUMBERS:
        return Wanted(number=_number(one))
    if kind in DAYS:
        return Wanted(days=periods.span(one.value, today))
    if kind == "yes-no":
        return Wanted(truth=_truth(one))
    return Wanted(text=one.value)


def _number(one: Filter) -> Decimal:
    bare = one.value.strip().translate(SPACES)
    for text in (bare.replace(",", "") if POINT.fullmatch(bare) else "", bare.replace(".", "").replace(",", ".")):
        try:
            number = Decimal(text)
        except InvalidOperation:
            continue
        if number.is_finite() and abs(number) < Decimal(10) ** 20:
            return number
    raise ValueError(f"“{one.column}” holds numbers, and “{one.value}” is none.")


def _truth(one: Filter) -> bool:
    if one.test in ORDERED:
        raise ValueError(f"“{one.column}” holds yes and no: choose “is”.")
    word = one.value.strip().lower()
    if word not in (*YES, *NO):
        raise ValueError(f"“{one.column}” holds yes and no, and “{one.value}” is neither.")
    return word in YES
