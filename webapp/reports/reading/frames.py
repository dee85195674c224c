"""Converts a pandas frame to an Arrow table without loss: what Arrow would round, mix or refuse becomes text."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pandas as pd
import pyarrow as pa

from webapp.reports.reading.value_formats import LARGEST
from webapp.reports.writing.column_rules import LONE_SURROGATE, shown, texts_of, values
from webapp.reports.writing.normalise import Source, of_table

# A column of only one of these types is safe to pass to Arrow; others Arrow would guess from the first cells.
_ALIKE: dict[type, pa.DataType | None] = {
    str: pa.string(),
    bool: pa.bool_(),
    float: pa.float64(),
    date: pa.date32(),
    time: pa.time64("us"),
    timedelta: pa.duration("us"),
    Decimal: None,
}


def of_frame(frame: pd.DataFrame) -> Source:
    """Returns the frame's columns, its index first if that has data, and notes on what was changed."""
    whole = _with_index(frame)
    notes = []
    if whole.columns.nlevels > 1:
        notes.append("The column names had several levels. They are joined with “/”.")
    titles = [_title(name) for name in whole.columns]
    arrays = []
    for position, title in enumerate(titles):
        array, note = _array(whole.iloc[:, position])
        arrays.append(array)
        notes += [f"“{title}”: {note}"] if note else []
    schema = pa.schema([(title, array.type) for title, array in zip(titles, arrays, strict=True)])
    return of_table(pa.Table.from_arrays(arrays, schema=schema), notes)


def _with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """Adds the index as columns if it has a name or is not numeric; row numbers left by a filter or sort are not."""
    index = frame.index
    if index.nlevels == 1 and index.name is None and pd.api.types.is_integer_dtype(index.dtype):
        return frame
    names = [name if name is not None else f"Index {level + 1}" for level, name in enumerate(index.names)]
    levels = {
        level: index.get_level_values(level).to_series(index=pd.RangeIndex(len(frame)))
        for level in range(index.nlevels)
    }
    front = pd.concat([*levels.values()], axis=1)
    front.columns = pd.Index(names, dtype=object)
    titles = [*front.columns, *(_title(name) for name in frame.columns)]
    whole = pd.concat([front, frame.set_axis(range(len(frame)), axis=0)], axis=1)
    whole.columns = pd.Index(titles, dtype=object)
    return whole


def _title(name: Any) -> str:
    if isinstance(name, tuple):
        return " / ".join(_title(part) for part in name if str(part) != "")
    return "" if name is None or name is pd.NaT or (isinstance(name, float) and name != name) else shown(name)


def _array(series: "pd.Series[Any]") -> tuple[pa.Array, str]:
    kind = series.dtype
    if isinstance(kind, pd.SparseDtype):
        return _array(series.astype(kind.subtype))
    if isinstance(kind, pd.CategoricalDtype):
        return _array(series.astype(series.cat.categories.dtype if series.notna().all() else object))
    if isinstance(kind, pd.PeriodDtype | pd.IntervalDtype) or kind.kind == "c":
        return _worded(series), "written as text."
    if pd.api.types.is_object_dtype(kind):
        return _of_objects(series)
    try:
        return _joined(pa.Array.from_pandas(series)), ""
    except UnicodeEncodeError:
        return _of_texts([None if _is_missing(cell) else cell for cell in series])


def _of_texts(cells: Sequence[Any]) -> tuple[pa.Array, str]:
    broken = sum(LONE_SURROGATE.search(cell) is not None for cell in cells if cell is not None)
    return texts_of(cells), f"{values(broken)} written with � for half characters." if broken else ""


def _joined(array: Any) -> pa.Array:
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _of_objects(series: "pd.Series[Any]") -> tuple[pa.Array, str]:
    cells = [None if _is_missing(cell) else _plain(cell) for cell in series]
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds <= {str}:
        return _of_texts(cells)
    array = _of_one_kind(cells, kinds)
    if array is not None:
        return array, ""
    note = "it holds values of several types, all written as text." if len(kinds) > 1 else "written as text."
    return texts_of(None if cell is None else shown(cell) for cell in cells), "" if kinds == {UUID} else note


def _of_one_kind(cells: list[Any], kinds: set[type]) -> pa.Array | None:
    """Returns the cells as one of Arrow's types; None if none keeps every digit."""
    try:
        if len(kinds) == 1 and kinds <= _ALIKE.keys():
            return _joined(pa.array(cells, _ALIKE[kinds.pop()]))
        if kinds == {int}:
            return pa.array([None if cell is None else Decimal(cell) for cell in cells], _wide_enough(cells))
        if kinds == {int, float} and all(abs(cell) <= LARGEST for cell in cells if isinstance(cell, int)):
            return pa.array([None if cell is None else float(cell) for cell in cells], pa.float64())
        if kinds == {datetime} and len({cell.tzinfo for cell in cells if cell is not None}) == 1:
            return pa.array(cells)
    except pa.ArrowInvalid:  # for example an infinite decimal number, or one of more than 76 digits
        return None
    return None


def _wide_enough(cells: list[Any]) -> pa.DataType:
    digits = max(len(str(abs(cell))) for cell in cells if cell is not None)
    return pa.decimal128(15 if digits <= 15 else 38, 0) if digits <= 38 else pa.decimal256(76, 0)


def _plain(cell: Any) -> Any:
    """Returns scalars of numpy and pandas as plain Python values."""
    if isinstance(cell, pd.Timestamp):
        return cell.to_pydatetime(warn=False) if cell.nanosecond == 0 else str(cell)
    if isinstance(cell, pd.Timedelta):
        return cell.to_pytimedelta() if cell.nanoseconds == 0 else str(cell)
    return cell.item() if hasattr(cell, "item") and getattr(cell, "ndim", 1) == 0 else cell


def _is_missing(cell: Any) -> bool:
    return cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float | Decimal) and cell != cell)


def _worded(cells: Iterable[Any]) -> pa.Array:
    return texts_of(None if _is_missing(cell) else str(cell) for cell in cells)
