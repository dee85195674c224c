"""Exact sums: numbers with few decimals are added as integers of their last digit.

A double that is the nearest to k/10ˢ is exactly what k divided by 10ˢ gives (IEEE 754 rounds a division once), so
whether a column holds only these numbers can be tested, and the k can be added without error.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from webapp.reports import arrow_scalars

MOST_DECIMALS = 9
_LARGEST = 2.0**53


def decimals_of(column: pa.Array) -> int | None:
    """Returns the fewest decimals that all numbers need; None if more than nine, or if one is not finite."""
    numbers = _numbers(column)
    numbers = numbers[~np.isnan(numbers)] if column.null_count else numbers
    if not np.isfinite(numbers).all():
        return None
    return next((decimals for decimals in range(MOST_DECIMALS + 1) if _fit(numbers, decimals)), None)


def _fit(numbers: "np.ndarray[tuple[int], np.dtype[np.float64]]", decimals: int) -> bool:
    with np.errstate(over="ignore"):
        last = np.rint(numbers * 10.0**decimals)
    return bool((np.abs(last) < _LARGEST).all() and (last / 10.0**decimals == numbers).all())


def as_decimal(column: pa.Array, decimals: int) -> pa.Array:
    """Returns the column as decimal128(38, places); `decimals`: at least what `decimals_of` returned."""
    numbers = _numbers(column)
    whole = np.rint(np.nan_to_num(numbers * 10.0**decimals)).astype(np.int64)
    exact = pc.cast(pa.Array.from_buffers(pa.int64(), len(whole), [None, pa.py_buffer(whole)]), pa.decimal128(38, 0))
    if column.null_count:
        exact = pc.if_else(pc.is_valid(column), exact, pa.nulls(len(exact), exact.type))
    return pa.Array.from_buffers(pa.decimal128(38, decimals), len(exact), exact.buffers(), offset=exact.offset)


def _numbers(column: pa.Array) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    if not len(column):
        return np.zeros(0)
    # Through the buffer: Arrow's own conversion to numpy imports pandas (1 s, 60 MB).
    wide = pc.cast(column, pa.float64())
    wide = pc.if_else(pc.is_valid(wide), wide, arrow_scalars.number(np.nan)) if wide.null_count else wide
    return np.frombuffer(wide.buffers()[1], np.float64)[wide.offset : wide.offset + len(wide)]


def as_number(column: pa.Array) -> pa.Array:
    """Returns a decimal column as the nearest doubles, through text: Arrow's own cast can be off by the last digit."""
    if pa.types.is_decimal(column.type):
        return pc.cast(pc.cast(column, pa.string()), pa.float64())
    return pc.cast(column, pa.float64())


def addable(column: pa.Array) -> pa.Array:
    """Returns the column in a type with correct sums: decimal if that is exact, else float64 without “not a number”."""
    if pa.types.is_decimal(column.type):
        return column if column.type.precision > 38 else pc.cast(column, pa.decimal128(38, column.type.scale))
    if pa.types.is_integer(column.type):
        return pc.cast(column, pa.decimal128(38, 0))
    wide = pc.cast(column, pa.float64())
    wide = pc.if_else(pc.is_nan(wide), pa.nulls(len(wide), pa.float64()), wide)
    decimals = decimals_of(wide)
    return wide if decimals is None else as_decimal(wide, decimals)


def unified(parts: list[pa.ChunkedArray]) -> pa.ChunkedArray:
    """Returns parts of one column as one type; they may differ in decimals."""
    types = {part.type for part in parts}
    if len(types) > 1:
        is_exact = all(pa.types.is_decimal(kind) for kind in types)
        decimals = max(kind.scale for kind in types) if is_exact else 0
        target = pa.decimal128(38, decimals) if is_exact else pa.float64()
        parts = [pc.cast(part, target) for part in parts]
    return pa.chunked_array([chunk for part in parts for chunk in part.chunks], parts[0].type)
