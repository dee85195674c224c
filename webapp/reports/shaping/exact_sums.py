"""Sums that do not drift: numbers that were written with a few decimals are added as whole numbers of their last digit.

A double that is the nearest to k/10ˢ is exactly what k divided by 10ˢ gives (IEEE 754 rounds a division once), so
whether a column holds such numbers can be tried, and the k can be added without error.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from webapp.reports import arrow_scalars

MOST_PLACES = 9
_LARGEST = 2.0**53


def places_of(column: pa.Array) -> int | None:
    """The fewest decimals with which every number can be written; None where nine do not do, or one is no number."""
    numbers = _numbers(column)
    numbers = numbers[~np.isnan(numbers)] if column.null_count else numbers
    if not np.isfinite(numbers).all():
        return None
    return next((places for places in range(MOST_PLACES + 1) if _fit(numbers, places)), None)


def _fit(numbers: "np.ndarray[tuple[int], np.dtype[np.float64]]", places: int) -> bool:
    with np.errstate(over="ignore"):
        last = np.rint(numbers * 10.0**places)
    return bool((np.abs(last) < _LARGEST).all() and (last / 10.0**places == numbers).all())


def as_decimal(column: pa.Array, places: int) -> pa.Array:
    """The column as decimal128(38, places); `places` as found by `places_of`, or more."""
    numbers = _numbers(column)
    whole = np.rint(np.nan_to_num(numbers * 10.0**places)).astype(np.int64)
    exact = pc.cast(pa.Array.from_buffers(pa.int64(), len(whole), [None, pa.py_buffer(whole)]), pa.decimal128(38, 0))
    if column.null_count:
        exact = pc.if_else(pc.is_valid(column), exact, pa.nulls(len(exact), exact.type))
    return pa.Array.from_buffers(pa.decimal128(38, places), len(exact), exact.buffers(), offset=exact.offset)


def _numbers(column: pa.Array) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    if not len(column):
        return np.zeros(0)
    # Through the buffer: Arrow's own way to numpy imports pandas (1 s, 60 MB).
    wide = pc.cast(column, pa.float64())
    wide = pc.if_else(pc.is_valid(wide), wide, arrow_scalars.number(np.nan)) if wide.null_count else wide
    return np.frombuffer(wide.buffers()[1], np.float64)[wide.offset : wide.offset + len(wide)]


def as_number(column: pa.Array) -> pa.Array:
    """A decimal column as the nearest doubles: Arrow's own cast is off by the last digit, the way by text is not."""
    if pa.types.is_decimal(column.type):
        return pc.cast(pc.cast(column, pa.string()), pa.float64())
    return pc.cast(column, pa.float64())


def addable(column: pa.Array) -> pa.Array:
    """The column in a type whose sums are right: decimal where that is exact, else float64 without “not a number”."""
    if pa.types.is_decimal(column.type):
        return column if column.type.precision > 38 else pc.cast(column, pa.decimal128(38, column.type.scale))
    if pa.types.is_integer(column.type):
        return pc.cast(column, pa.decimal128(38, 0))
    wide = pc.cast(column, pa.float64())
    wide = pc.if_else(pc.is_nan(wide), pa.nulls(len(wide), pa.float64()), wide)
    places = places_of(wide)
    return wide if places is None else as_decimal(wide, places)


def unified(parts: list[pa.ChunkedArray]) -> pa.ChunkedArray:
    """Parts of one column, some with more decimals than others, as one type."""
    types = {part.type for part in parts}
    if len(types) > 1:
        is_exact = all(pa.types.is_decimal(kind) for kind in types)
        places = max(kind.scale for kind in types) if is_exact else 0
        target = pa.decimal128(38, places) if is_exact else pa.float64()
        parts = [pc.cast(part, target) for part in parts]
    return pa.chunked_array([chunk for part in parts for chunk in part.chunks], parts[0].type)
