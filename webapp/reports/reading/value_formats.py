"""The text formats of numbers, dates and yes-no values, and how each is read.

Conversions are for whole columns; a value that matches but is invalid (31/02/2024) raises ArrowInvalid.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

LARGEST = 2**53  # beyond it a spreadsheet's number (a double) skips whole numbers

_HEAD = r"(?:0|[1-9]\d{0,15})"
_SPACES = "\u00a0\u202f\u2009'’"
_EXPONENT = r"(?:[eE][+-]\d{1,3})?"
_CLOCK = r"(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,6})?)?)?"


@dataclass(frozen=True)
class ValueFormat:
    """One format: a text has it if it matches all of `pattern` and `read` accepts it.

    A text with this format also has those in `implies`.
    """

    name: str
    type: str
    pattern: str
    read: Callable[[pa.Array], pa.Array]
    implies: tuple[str, ...] = ()

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        return re.compile(self.pattern, re.ASCII)

    def fits(self, text: str) -> bool:
        """Returns True if the text matches; Arrow would compile the pattern for each array, at 20 times the cost."""
        return self._regex.match(text) is not None


def _grouped(group: str, point: str) -> str:
    """Returns a pattern of grouped thousands; a space groups only before decimals (612 345 678 is a phone)."""
    groups = rf"[1-9]\d{{0,2}}(?:[{group}{_SPACES}]\d{{3}}){{1,4}}"
    spaced = rf"[1-9]\d{{0,2}}(?: \d{{3}}){{1,4}}{point}\d+"
    return rf"^-?(?:(?:{_HEAD}|{groups})(?:{point}\d+)?|{spaced}|{point}\d+){_EXPONENT}$"


def _integers(texts: pa.Array) -> pa.Array:
    numbers = pc.cast(texts, pa.int64())
    if pc.max(pc.abs(numbers)).as_py() > LARGEST:
        raise pa.ArrowInvalid("too long")
    return numbers


def _floats(texts: pa.Array) -> pa.Array:
    numbers = pc.cast(texts, pa.float64())
    if not pc.all(pc.is_finite(numbers)).as_py():
        raise pa.ArrowInvalid("too large")
    if pc.max(pc.abs(numbers)).as_py() > LARGEST and pc.any(pc.match_substring_regex(texts, r"\d{16}")).as_py():
        raise pa.ArrowInvalid("too long")
    return numbers


def _with_point(texts: pa.Array) -> pa.Array:
    try:
        return _floats(texts)  # without thousands: ten times faster
    except pa.ArrowInvalid:
        return _floats(_ungrouped(texts))


def _ungrouped(texts: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(texts, f"[, {_SPACES}]", "")


def _with_comma(texts: pa.Array) -> pa.Array:
    bare = pc.replace_substring_regex(texts, rf"[. {_SPACES}]", "")
    return _floats(pc.replace_substring(bare, ",", "."))


def _truths(texts: pa.Array) -> pa.Array:
    return pc.starts_with(texts, "t", ignore_case=True)


def _dates(pattern: str, order: str) -> Callable[[pa.Array], pa.Array]:
    def read(texts: pa.Array) -> pa.Array:
        parts = pc.extract_regex(texts, _named(pattern, order))
        return _from_year_one(pc.cast(_iso_date(parts), pa.date32()))

    return read


def _times(pattern: str, order: str) -> Callable[[pa.Array], pa.Array]:
    def read(texts: pa.Array) -> pa.Array:
        parts = pc.extract_regex(texts, _named(pattern, order + "HMSf"))
        clock = [_padded(pc.struct_field(parts, letter), 2) for letter in "HMS"]
        text = pc.binary_join_element_wise(*clock, pa.scalar(":"))
        whole = pc.binary_join_element_wise(_iso_date(parts), text, pa.scalar(" "))
        fraction = pc.utf8_rpad(pc.struct_field(parts, "f"), 7, "0")
        fraction = pc.if_else(pc.starts_with(fraction, "."), fraction, pa.scalar(".000000"))
        return _from_year_one(pc.cast(pc.binary_join_element_wise(whole, fraction, pa.scalar("")), pa.timestamp("us")))

    return read


def _from_year_one(moments: pa.Array) -> pa.Array:
    if pc.min(pc.year(moments)).as_py() == 0:
        raise pa.ArrowInvalid("no such year")
    return moments


def _iso_date(parts: pa.Array) -> pa.Array:
    year, month, day = (_padded(pc.struct_field(parts, letter), 2) for letter in "ymd")
    return pc.binary_join_element_wise(year, month, day, pa.scalar("-"))


def _padded(texts: pa.Array, width: int) -> pa.Array:
    return pc.utf8_lpad(texts, width, "0")


def _named(pattern: str, order: str) -> str:
    """Names the groups in their order: RE2 returns groups by name only."""
    for letter in order:
        pattern = pattern.replace("(\\", f"(?P<{letter}>\\", 1)
    return pattern


def _iso(to: pa.DataType, slowly: Callable[[pa.Array], pa.Array]) -> Callable[[pa.Array], pa.Array]:
    def read(texts: pa.Array) -> pa.Array:
        try:
            return _from_year_one(pc.cast(texts, to))  # Arrow's own form, two digits everywhere: ten times faster
        except pa.ArrowInvalid:
            return slowly(texts)

    return read


def _dated(name: str, pattern: str, order: str) -> list[ValueFormat]:
    plain, clocked = f"^{pattern}$", f"^{pattern}{_CLOCK}$"
    dates, times = _dates(plain, order), _times(clocked, order)
    if name == "iso":
        dates, times = _iso(pa.date32(), dates), _iso(pa.timestamp("us"), times)
    return [
        ValueFormat(name, "date", plain, dates, (f"{name} time",)),
        ValueFormat(f"{name} time", "time", clocked, times),
    ]


_DAY_MONTH = r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})"

FORMATS = [
    ValueFormat("truth", "yes-no", r"^(?i:true|false)$", _truths),
    ValueFormat("integer", "integer", r"^-?(?:0|[1-9]\d{0,15})$", _integers, ("long", "point", "comma")),
    ValueFormat("long", "text", r"^-?(?:0|[1-9]\d*)$", lambda texts: texts),
    ValueFormat("point", "number", _grouped(",", r"\."), _with_point),
    ValueFormat("comma", "number", _grouped(r".", ","), _with_comma),
    *_dated("iso", r"(\d{4})-(\d{2})-(\d{2})", "ymd"),
    *_dated("year first", r"(\d{4})/(\d{1,2})/(\d{1,2})", "ymd"),
    *_dated("dotted", r"(\d{1,2})\.(\d{1,2})\.(\d{4})", "dmy"),
    *_dated("day first", _DAY_MONTH, "dmy"),
    *_dated("month first", _DAY_MONTH, "mdy"),
]
