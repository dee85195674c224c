"""Groups rows and computes totals, averages and the like, batch by batch: only the groups stay in memory."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from webapp.reports.shaping import exact_sums
from webapp.reports.shaping.plan import Work

_WAITING_ROWS = 200_000
COUNT = "rows"
# The partial results of each calculation, from which parts can be merged.
_PARTS = {"sum": ("sum",), "mean": ("sum", "count"), "min": ("min",), "max": ("max",), "count": ("count",)}
_MERGED = {"sum": "sum", "count": "sum", "min": "min", "max": "max"}


class Groups:
    """Aggregates batches to one row for each combination of `keys`; see `table`."""

    def __init__(self, keys: Sequence[str], works: Sequence[Work]) -> None:
        self._keys = list(keys)
        self._works = works
        self._parts: list[pa.Table] = []
        self._waiting = 0

    def add(self, batch: pa.RecordBatch) -> None:
        part = self._part(batch)
        self._parts.append(part)
        self._waiting += part.num_rows
        if self._waiting > _WAITING_ROWS:
            self._parts = [merged(self._parts, len(self._keys))]
            # If nearly every row is a group of its own, merging repeatedly gains nothing.
            self._waiting = -self._parts[0].num_rows

    def table(self) -> pa.Table:
        """Returns the keys as key0, key1 …, the partial results as work0.sum, work0.count …, and the row counts."""
        return self._parts[0] if len(self._parts) == 1 else merged(self._parts, len(self._keys))

    def _part(self, batch: pa.RecordBatch) -> pa.Table:
        arrays = [batch.column(batch.schema.get_field_index(name)) for name in self._keys]
        names = [key_name(position) for position in range(len(arrays))]
        aggregations: list[tuple[str | list[str], str]] = [([], "count_all")]
        titles = [COUNT]
        for position, work in enumerate(self._works):
            if not work.column:
                continue
            column = batch.column(batch.schema.get_field_index(work.column))
            arrays.append(exact_sums.addable(column) if work.how in ("sum", "mean") else column)
            names.append(str(position))
            aggregations += [(str(position), part) for part in _PARTS[work.how]]
            titles += [f"work{position}.{part}" for part in _PARTS[work.how]]
        table = pa.table(arrays, names) if arrays else pa.Table.from_batches([batch.select([])])
        return _grouped(table, names[: len(self._keys)], aggregations, titles)


def _grouped(
    table: pa.Table, keys: list[str], aggregations: list[tuple[str | list[str], str]], titles: list[str]
) -> pa.Table:
    found = pa.TableGroupBy(table, keys, use_threads=False).aggregate(aggregations)
    named = {
        (f"{column}_{part}" if column else part): title
        for (column, part), title in zip(aggregations, titles, strict=True)
    }
    return found.rename_columns([named.get(name, name) for name in found.column_names])


def key_name(position: int) -> str:
    return f"key{position}"


def merged(parts: Sequence[pa.Table], keys: int) -> pa.Table:
    """Merges the groups of several parts; with fewer keys than the parts have, groups are merged too."""
    names = [name for name in parts[0].column_names if not name.startswith("key") or name in _first(keys)]
    columns = [exact_sums.unified([part.column(name) for part in parts]) for name in names]
    aggregations: list[tuple[str | list[str], str]] = []
    titles = []
    for name in names:
        if name == COUNT or name.startswith("work"):
            aggregations.append((name, "sum" if name == COUNT else _MERGED[name.rpartition(".")[2]]))
            titles.append(name)
    return _grouped(pa.table(columns, names), _first(keys), aggregations, titles)


def _first(keys: int) -> list[str]:
    return [key_name(position) for position in range(keys)]


def finished(groups: pa.Table, works: Sequence[Work]) -> list[pa.Array]:
    """Returns the final column of each calculation."""
    return [_finished(groups, position, work) for position, work in enumerate(works)]


def _finished(groups: pa.Table, position: int, work: Work) -> pa.Array:
    if not work.column:
        return _joined(groups.column(COUNT))
    column = _joined(groups.column(f"work{position}.{_PARTS[work.how][0]}"))
    if work.how == "mean":
        count = pc.cast(_joined(groups.column(f"work{position}.count")), pa.float64())
        some = pc.if_else(pc.is_valid(column), count, pa.nulls(len(count), pa.float64()))
        return pc.divide(exact_sums.as_number(column), some)
    return _whole(column) if work.how == "sum" else column


def _whole(column: pa.Array) -> pa.Array:
    """Returns a total without decimals as whole numbers, where they fit."""
    if not pa.types.is_decimal(column.type) or column.type.scale:
        return column
    try:
        return pc.cast(column, pa.int64())
    except pa.ArrowInvalid:
        return column


def _joined(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
