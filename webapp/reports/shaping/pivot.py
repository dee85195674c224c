"""A cross table: one row for each group, and one column for each value of a further column."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from webapp.errors import TaskError
from webapp.reports.reading.cells import shown
from webapp.reports.shaping import group
from webapp.reports.shaping.plan import Order, Plan
from webapp.reports.shaping.sorting import in_order

MOST = 500  # values of the further column
EMPTY = "(empty)"


def spread(groups: pa.Table, plan: Plan) -> tuple[pa.Table, list[str]]:
    """The rows of `groups`, whose last key is spread, and the names of the columns that hold what is worked out.

    The order of the columns is that of their values. TaskError where there are too many of them.
    """
    keys = len(plan.group_by)
    values = _distinct(groups.column(group.key_name(keys)))
    if len(values) > MOST:
        raise TaskError(
            f"“{plan.across}” has {len(values):,} different values, and a table takes {MOST} columns of them. "
            "No file was made. Choose another column, or leave some out with a filter.",
            fault="form",
        )
    rows = group.merged([groups.select([group.key_name(place) for place in range(keys)] + [group.COUNT])], keys)
    place_of = _places(rows, keys)
    row_of = _row_numbers(groups, keys, place_of)
    columns: list[pa.ChunkedArray] = [rows.column(group.key_name(place)) for place in range(keys)]
    names = list(plan.group_by)
    finished = group.finished(groups, plan.works)
    for value in values:
        mask = _is(groups.column(group.key_name(keys)), value)
        here = pc.indices_nonzero(mask)
        target = pc.take(row_of, here)
        for title, cells in zip(plan.titles, finished, strict=True):
            names.append(_title(value, title, len(plan.works)))
            columns.append(_placed(pc.take(cells, here), target, rows.num_rows))
    unique = _made_unique(names)
    return pa.table(columns, unique), unique[keys:]


def _title(value: Any, title: str, works: int) -> str:
    name = EMPTY if value is None else shown(value)
    return name if works == 1 else f"{name}: {title}"


def _made_unique(names: Sequence[str]) -> list[str]:
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return unique


def _distinct(column: pa.ChunkedArray) -> list[Any]:
    table = pa.table({"value": pc.unique(column)})
    return in_order(table, [Order("value")]).column("value").to_pylist() if table.num_rows else []


def _is(column: pa.ChunkedArray, value: Any) -> pa.ChunkedArray:
    return pc.is_null(column) if value is None else pc.fill_null(pc.equal(column, pa.scalar(value, column.type)), False)


def _keys(table: pa.Table, keys: int) -> list[tuple[Any, ...]]:
    return list(zip(*(table.column(group.key_name(place)).to_pylist() for place in range(keys)), strict=True))


def _places(rows: pa.Table, keys: int) -> dict[tuple[Any, ...], int]:
    return {key: place for place, key in enumerate(_keys(rows, keys))}


def _row_numbers(groups: pa.Table, keys: int, place_of: dict[tuple[Any, ...], int]) -> pa.Array:
    return pa.array([place_of[key] for key in _keys(groups, keys)], pa.int64())


def _placed(cells: pa.Array, target: pa.Array, rows: int) -> pa.ChunkedArray:
    """`cells` at the rows `target` of a column with `rows` rows; the others stay empty."""
    source: list[int | None] = [None] * rows
    for cell, row in enumerate(target.to_pylist()):
        source[row] = cell
    return pa.chunked_array([pc.take(cells, pa.array(source, pa.int64()))])
