"""Applies the filters of a report to batches of rows."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from webapp.reports import arrow_scalars
from webapp.reports.column_types import kind_of
from webapp.reports.reading.type_inference import is_filled
from webapp.reports.shaping import exact_sums
from webapp.reports.shaping.filter_values import FilterValue, filter_value
from webapp.reports.shaping.plan import DAYS, NUMBERS, Filter

_TRUE = pc.is_valid(pa.repeat(arrow_scalars.whole(1), 1))
_COMPARE = {
    "=": pc.equal, "≠": pc.not_equal, "<": pc.less, "≤": pc.less_equal, ">": pc.greater, "≥": pc.greater_equal,
}  # fmt: skip


def passing(batch: pa.RecordBatch, filters: Sequence[Filter], today: date) -> pa.RecordBatch:
    """Returns the rows that pass all filters. An empty cell passes only “is not” and “is empty”."""
    for one in filters:
        if batch.num_rows:
            batch = batch.filter(_mask(batch.column(batch.schema.get_field_index(one.column)), one, today))
    return batch


def _mask(column: pa.Array, one: Filter, today: date) -> pa.Array:
    filled = pc.is_valid(column)
    if pa.types.is_string(column.type):
        filled = pc.and_(filled, _true(is_filled(pc.utf8_trim_whitespace(column))))
    if one.test in ("empty", "filled"):
        return filled if one.test == "filled" else pc.invert(filled)
    kind = kind_of(column.type)
    passes = _true(_passes(column, kind, one, filter_value(one, kind, today)))
    return pc.or_(passes, pc.invert(filled)) if one.test == "≠" else passes


def _passes(column: pa.Array, kind: str, one: Filter, right: FilterValue) -> pa.Array:
    if one.test == "contains":
        return pc.match_substring(_folded(pc.cast(column, pa.string())), _fold(right.text))
    if kind in NUMBERS:
        return _compared(column, one.test, right.number)
    if kind in DAYS:
        return _between(column, one.test, *right.days)
    if kind == "yes-no":
        return column if right.truth == (one.test == "=") else pc.invert(column)
    text = _folded(column if pa.types.is_string(column.type) else pc.cast(column, pa.string()))
    return _COMPARE[one.test](text, arrow_scalars.text(_fold(right.text)))


def _compared(column: pa.Array, test: str, number: Decimal) -> pa.Array:
    if pa.types.is_decimal(column.type):
        return _COMPARE[test](exact_sums.as_number(column), arrow_scalars.number(float(number)))
    if pa.types.is_integer(column.type) and number == int(number) and abs(number) < 2**63:
        return _COMPARE[test](pc.cast(column, pa.int64()), arrow_scalars.whole(int(number)))
    return _COMPARE[test](pc.cast(column, pa.float64(), safe=False), arrow_scalars.number(float(number)))


def _between(column: pa.Array, test: str, first: date, last: date) -> pa.Array:
    """Compares with a span of days: “is”: within it; “before”: before its first day; “until”: up to its last."""
    day = pc.cast(pc.floor_temporal(column, unit="day") if pa.types.is_timestamp(column.type) else column, pa.date32())
    begin, end = arrow_scalars.day(first), arrow_scalars.day(last)
    if test in ("=", "≠"):
        within = pc.and_(pc.greater_equal(day, begin), pc.less_equal(day, end))
        return within if test == "=" else pc.invert(within)
    return _COMPARE[test](day, begin if test in ("<", "≥") else end)


def _true(mask: pa.Array) -> pa.Array:
    """Returns the mask with False for null."""
    return pc.and_(pc.is_valid(mask), mask) if not mask.null_count else pc.is_in(mask, value_set=_TRUE)


def _folded(texts: pa.Array) -> pa.Array:
    return pc.utf8_trim_whitespace(pc.utf8_lower(texts))


def _fold(text: str) -> str:
    return text.lower().strip()
