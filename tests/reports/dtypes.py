"""Columns of every dtype and null kind for the property test, and the comparison with cells that are read back."""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import strategies as st

Fill = Callable[[list[Any]], "pd.Series[Any]"]

DAYS = st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31))
MOMENTS = st.datetimes(dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999))
NEAR = st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2250, 1, 1))  # what nanoseconds reach
SPANS = st.timedeltas(dt.timedelta(days=-9000), dt.timedelta(days=9000))
CLOCKS = st.times()
TEXTS = st.text(max_size=12) | st.sampled_from(
    ["=1+1", "@x", "+1", "-1", "\t", "007", "_x0041_", "a\r\nb", " x ", "", "'", "\x01", "\ufffe", "x" * 33_000, "1E5"]
)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**17), max_value=10**17)
MISSING = st.sampled_from([None, np.nan, pd.NaT, pd.NA])


def integers(bits: int, is_signed: bool) -> st.SearchStrategy[int]:
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if is_signed else (0, 2**bits - 1)
    return st.integers(low, high) | st.integers(max(low, -100), min(high, 100))


def of(dtype: Any) -> Fill:
    return lambda cells: pd.Series(cells, dtype=dtype)


def objects(cells: list[Any]) -> "pd.Series[Any]":
    return pd.Series(cells, dtype=object)


def arrow(kind: pa.DataType) -> Fill:
    return lambda cells: pd.Series(pd.array(cells, dtype=pd.ArrowDtype(kind)))


def zoned(cells: list[Any]) -> "pd.Series[Any]":
    moments = pd.Series(cells, dtype="datetime64[us]").dt.tz_localize("UTC")
    return moments.dt.tz_convert("Europe/Madrid")


def _kinds() -> dict[str, tuple[st.SearchStrategy[Any], bool, Fill]]:
    """Name → (values, whether None may stand between them, how a list of them becomes a column)."""
    kinds: dict[str, tuple[st.SearchStrategy[Any], bool, Fill]] = {}
    for bits in (8, 16, 32, 64):
        kinds[f"int{bits}"] = (integers(bits, True), False, of(f"int{bits}"))
        kinds[f"uint{bits}"] = (integers(bits, False), False, of(f"uint{bits}"))
        kinds[f"Int{bits}"] = (integers(bits, True), True, of(f"Int{bits}"))
        kinds[f"UInt{bits}"] = (integers(bits, False), True, of(f"UInt{bits}"))
    for bits in (16, 32, 64):
        kinds[f"float{bits}"] = (st.floats(width=bits), True, of(f"float{bits}"))  # type: ignore[arg-type]
    kinds["Float64"] = (st.floats(allow_nan=False), True, of("Float64"))
    kinds["bool"] = (st.booleans(), False, of("bool"))
    kinds["boolean"] = (st.booleans(), True, of("boolean"))
    for name in ("str", "string[python]", "string[pyarrow]", "object", "category"):
        kinds[f"text {name}"] = (TEXTS, True, of(name))
    kinds["category of numbers"] = (st.integers(-5, 5), True, of("category"))
    kinds["category of dates"] = (NEAR, True, lambda cells: pd.Series(cells, dtype="datetime64[us]").astype("category"))
    kinds |= {f"datetime64[{unit}]": (MOMENTS, True, of(f"datetime64[{unit}]")) for unit in ("s", "ms", "us")}
    kinds["datetime64[ns]"] = (NEAR, True, of("datetime64[ns]"))
    kinds["zoned"] = (NEAR, True, zoned)
    kinds |= {f"timedelta64[{unit}]": (SPANS, True, of(f"timedelta64[{unit}]")) for unit in ("s", "ms", "us", "ns")}
    kinds["period"] = (NEAR, True, lambda cells: pd.Series(pd.PeriodIndex(cells, freq="M")))
    kinds["interval"] = (st.integers(0, 9), False, lambda cells: pd.Series([pd.Interval(c, c + 1) for c in cells]))
    kinds["complex"] = (st.complex_numbers(allow_nan=False), False, of("complex128"))
    kinds["sparse"] = (st.integers(0, 3), False, of(pd.SparseDtype("int64", 0)))
    kinds["surrogates"] = (st.sampled_from(["a\ud800", "plain", "\udfff"]), True, objects)
    kinds |= {f"object {name}": (values, True, objects) for name, values in _objects().items()}
    kinds |= {f"arrow {kind}": (values, True, arrow(kind)) for kind, values in _arrow_kinds()}
    return kinds


def _objects() -> dict[str, st.SearchStrategy[Any]]:
    plain = st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS | DAYS | MOMENTS | DECIMALS | st.uuids()
    return {
        "decimals": DECIMALS,
        "bytes": st.binary(min_size=1, max_size=6),
        "uuids": st.uuids(),
        "dates": DAYS,
        "moments": MOMENTS,
        "zoned moments": st.datetimes(timezones=st.timezones()),
        "clocks": CLOCKS,
        "spans": SPANS,
        "integers": st.integers(),
        "numbers": st.integers() | st.floats(allow_nan=False),
        "lists": st.lists(plain, max_size=3),
        "dicts": st.dictionaries(st.text(max_size=3), plain, max_size=2),
        "anything": plain | st.binary(min_size=1, max_size=3) | SPANS | CLOCKS | st.just(Decimal("Infinity")),
    }


def _arrow_kinds() -> list[tuple[pa.DataType, st.SearchStrategy[Any]]]:
    small = st.integers(-100, 100)
    return [
        (pa.decimal128(21, 3), DECIMALS),
        (pa.date32(), DAYS),
        (pa.date64(), DAYS),
        (pa.time32("s"), CLOCKS.map(lambda clock: clock.replace(microsecond=0))),
        (pa.time64("us"), CLOCKS),
        (pa.duration("us"), SPANS),
        (pa.timestamp("ms"), MOMENTS.map(lambda moment: moment.replace(microsecond=0))),
        (pa.binary(), st.binary(min_size=1, max_size=6)),
        (pa.large_string(), TEXTS),
        (pa.list_(pa.int64()), st.lists(small, max_size=3)),
        (pa.struct([("a", pa.int64())]), st.fixed_dictionaries({"a": small})),
        (pa.map_(pa.string(), pa.int64()), st.just([("a", 1)])),
        (pa.null(), st.none()),
        (pa.float32(), st.floats(width=32, allow_nan=False)),
    ]


KINDS = _kinds()


def is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float | complex) and value != value)


def is_same(value: Any, cell: Any, dtype: str = "") -> bool:
    """True if a cell of the file equals the frame's value, to the last digit of its type."""
    if dtype in ("float32", "float[pyarrow]"):
        return bool(np.float32(str(cell) or "nan") == np.float32(value))
    if isinstance(value, np.integer | np.floating | np.bool_):
        value = value.item()
    if isinstance(value, bool):
        return cell is value or cell in (str(value).lower(), str(value).upper())
    if isinstance(value, int | float | Decimal):
        return _number(cell) == Decimal(str(value)) if not isinstance(cell, bool) else False
    if isinstance(value, str):
        return _unguarded(cell) == value or str(cell) == re.sub("\r\n?", "\n", value)
    if isinstance(value, dt.timedelta):
        return cell == value or _unguarded(cell) == _clock(value)
    if isinstance(value, dt.datetime):
        return _is_same_moment(value, _moment(cell))
    if isinstance(value, dt.date) and isinstance(cell, dt.datetime):
        return cell == dt.datetime(value.year, value.month, value.day)
    if isinstance(value, dt.date | dt.time):
        return cell == value or str(cell) == str(value)
    return str(cell) == str(value)


def _number(cell: Any) -> Decimal | None:
    try:
        return Decimal(repr(cell) if isinstance(cell, float) else str(cell))
    except ArithmeticError:
        return None


def _unguarded(cell: Any) -> str:
    text = str(cell)
    return text[1:] if re.match(r"'[=+\-@\t\r]", text) else text


def _clock(span: dt.timedelta) -> str:
    sign, size = ("-", -span) if span < dt.timedelta() else ("", span)
    hours, rest = divmod(size, dt.timedelta(hours=1))
    seconds = rest.total_seconds()
    text = f"{sign}{hours:02}:{int(seconds // 60):02}:{int(seconds % 60):02}"
    return f"{text}.{size.microseconds:06}" if size.microseconds else text


def _is_same_moment(value: dt.datetime, read: dt.datetime | None) -> bool:
    if read is None or value.tzinfo is None or read.tzinfo is None:
        return read == value
    return read.astimezone(dt.UTC) == value.astimezone(dt.UTC)  # == says no where a clock was just set


def _moment(cell: Any) -> dt.datetime | None:
    if isinstance(cell, dt.datetime):
        return cell
    try:
        return dt.datetime.fromisoformat(str(cell))
    except ValueError:
        return None
