"""Spools rows of Python values to disk until the type of every column is known, then writes the typed copy."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from webapp.ports.tables import Column, TableSchema
from webapp.reports.column_types import kind_of
from webapp.reports.reading import column_names, typed_copy
from webapp.reports.writing.column_rules import shown, texts_of

BATCH = 5_000
_DIGITS = 38  # the most digits of a decimal that Arrow can add
_ISO: dict[str, tuple[str, pa.DataType]] = {
    "day": (r"^\d{4}-\d{2}-\d{2}$", pa.date32()),
    "time": (r"^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?$", pa.timestamp("us")),
}
_PLAIN: dict[type, pa.DataType] = {bool: pa.bool_(), float: pa.float64(), date: pa.date32()}


def written(titles: Sequence[str], rows: Iterable[Sequence[Any]], target: Path, most: int | None = None) -> TableSchema:
    """Writes the typed copy of at most `most` of these rows and returns its schema."""
    unique, notes = column_names.made_unique(list(titles))
    scratch = target.with_name(target.name + ".rows")
    kinds: list[pa.DataType] = [pa.null()] * len(unique)
    days = [_Days() for _ in unique]
    count = 0
    try:
        with pa.OSFile(str(scratch), "wb") as sink:
            for batch in _batches(rows, most):
                arrays = [_array(cells) for cells in zip(*batch, strict=True)]
                for found, array in zip(days, arrays, strict=True):
                    found.feed(array)
                kinds = [_wider(kind, array.type) for kind, array in zip(kinds, arrays, strict=True)]
                _append(sink, arrays, unique)
                count += len(batch)
        whole = [found.kind or kind for found, kind in zip(days, kinds, strict=True)]
        known = [pa.string() if pa.types.is_null(kind) else kind for kind in whole]
        schema = pa.schema(list(zip(unique, known, strict=True)))
        with typed_copy.writing(target, schema) as file:
            for part in _read(scratch, count):
                columns = [_as(column, kind) for column, kind in zip(part.columns, schema.types, strict=True)]
                file.add(pa.RecordBatch.from_arrays(columns, schema=schema))
    finally:
        scratch.unlink(missing_ok=True)
    columns = [Column(title, kind_of(kind)) for title, kind in zip(schema.names, schema.types, strict=True)]
    if most is not None and count == most:
        notes = [*notes, f"Only the first {most:,} rows were read."]
    return TableSchema(count, columns, notes=notes)


class _Days:
    """Detects columns whose texts are all ISO 8601 dates: some databases have no date type."""

    def __init__(self) -> None:
        self._fits: set[str] = set(_ISO)
        self._some = False

    def feed(self, array: pa.Array) -> None:
        if pa.types.is_null(array.type) or not self._fits:
            return
        self._some = True
        for name in [*self._fits]:
            if not _holds(array, *_ISO[name]):
                self._fits.discard(name)

    @property
    def kind(self) -> pa.DataType | None:
        return next((_ISO[name][1] for name in _ISO if self._some and name in self._fits), None)


def _holds(array: pa.Array, pattern: str, kind: pa.DataType) -> bool:
    if not pa.types.is_string(array.type) or not pc.all(pc.match_substring_regex(array, pattern)).as_py():
        return False
    try:
        pc.cast(array, kind)
    except pa.ArrowInvalid:  # for example 2024-02-31
        return False
    return True


def _batches(rows: Iterable[Sequence[Any]], most: int | None) -> Iterator[list[Sequence[Any]]]:
    batch: list[Sequence[Any]] = []
    for number, row in enumerate(rows):
        if most is not None and number >= most:
            break
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _append(sink: Any, arrays: list[pa.Array], titles: Sequence[str]) -> None:
    # Batches may differ in types, so each is a separate stream, preceded by its length.
    batch = pa.RecordBatch.from_arrays(arrays, names=list(titles))
    buffer = pa.BufferOutputStream()
    with pa.ipc.new_stream(buffer, batch.schema) as stream:
        stream.write_batch(batch)
    content = buffer.getvalue()
    sink.write(len(content).to_bytes(8, "little"))
    sink.write(content)


def _read(scratch: Path, count: int) -> Iterator[pa.RecordBatch]:
    if not count:
        return
    with scratch.open("rb") as file:
        while head := file.read(8):
            with pa.ipc.open_stream(file.read(int.from_bytes(head, "little"))) as stream:
                yield from stream


def _array(cells: Sequence[Any]) -> pa.Array:
    """Returns the cells in the narrowest type that keeps every value."""
    kinds = {type(cell) for cell in cells if cell is not None}
    if not kinds:
        return pa.nulls(len(cells))
    if kinds == {str}:
        return texts_of(cells)
    if len(kinds) == 1 and (kind := next(iter(kinds))) in _PLAIN:
        return pa.array(cells, _PLAIN[kind])
    if kinds == {int} and all(-(2**63) <= cell < 2**63 for cell in cells if cell is not None):
        return pa.array(cells, pa.int64())
    if kinds <= {int, Decimal}:
        return _decimals(cells)
    if kinds <= {int, float, Decimal}:
        return pa.array([None if cell is None else float(cell) for cell in cells], pa.float64())
    if kinds <= {datetime, date} and datetime in kinds:
        return pa.array([None if cell is None else _naive(cell) for cell in cells], pa.timestamp("us"))
    return texts_of(None if cell is None else shown(cell) for cell in cells)


def _decimals(cells: Sequence[Any]) -> pa.Array:
    exact = [None if cell is None else Decimal(cell) for cell in cells]
    known = [cell for cell in exact if cell is not None]
    if not all(cell.is_finite() for cell in known):
        return texts_of(None if cell is None else str(cell) for cell in exact)
    decimals = max((max(0, -int(cell.as_tuple().exponent)) for cell in known), default=0)
    if any(cell.adjusted() + 1 + decimals > _DIGITS for cell in known):
        return texts_of(None if cell is None else f"{cell:f}" for cell in exact)
    return pa.array(exact, pa.decimal128(_DIGITS, decimals))


def _naive(moment: date) -> datetime:
    if not isinstance(moment, datetime):
        return datetime(moment.year, moment.month, moment.day)
    return moment.replace(tzinfo=None)


def _wider(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """Returns a type that keeps the values of both; text if there is no other."""
    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    pair = (one, other)
    if all(pa.types.is_decimal(kind) or pa.types.is_int64(kind) for kind in pair):
        decimals = [kind.scale for kind in pair if pa.types.is_decimal(kind)]
        return pa.decimal128(_DIGITS, max(decimals))
    if all(kind_of(kind) in ("integer", "number") for kind in pair):
        return pa.float64()
    if {kind_of(kind) for kind in pair} == {"date", "time"}:
        return pa.timestamp("us")
    return pa.string()


def _as(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if column.type == kind:
        return column
    if kind != pa.string() or pa.types.is_null(column.type):
        return pc.cast(column, kind, safe=False)
    return texts_of(None if cell is None else shown(cell) for cell in column.to_pylist())
