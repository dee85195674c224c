"""Makes a pivot ("cross table"): one row for each group, and one column for each value of a further column."""

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
    """Returns the pivot of `groups` by their last key, and the names of its computed columns.

    The columns are in the order of their values. Raises TaskError if there are too many values.
    """
    keys = len(plan.group_by)
    values = _distinct(groups.column(group.key_name(keys)))
    if len(values) > MOST:
        raise TaskError(
            f"“{plan.across}” has {len(values):,} different values, and a cross table has at most {MOST} columns. "
            "No file was made. Choose another column, or leave some out with a filter.",
            fault="form",
        )
    rows = group.merged([groups.select([group.key_name(position) for position in range(keys)] + [group.COUNT])], keys)
    position_of = _positions(rows, keys)
    row_of = _row_numbers(groups, keys, position_of)
    columns: list[pa.ChunkedArray] = [rows.column(group.key_name(position)) for position in range(keys)]
    names = list(plan.group_by)
    finished = group.finished(groups, plan.works)
    for value in values:
        mask = _is(groups.column(group.key_name(keys)), value)
        matches = pc.indices_nonzero(mask)
        target = pc.take(row_of, matches)
        for title, cells in zip(plan.titles, finished, strict=True):
            names.append(_title(value, title, len(plan.works)))
            columns.append(_placed(pc.take(cells, matches), target, rows.num_rows))
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
    return list(zip(*(table.column(group.key_name(position)).to_pylist() for position in range(keys)), strict=True))


def _positions(rows: pa.Table, keys: int) -> dict[tuple[Any, ...], int]:
    return {key: position for position, key in enumerate(_keys(rows, keys))}


def _row_numbers(groups: pa.Table, keys: int, position_of: dict[tuple[Any, ...], int]) -> pa.Array:
    return pa.array([position_of[key] for key in _keys(groups, keys)], pa.int64())


def _placed(cells: pa.Array, target: pa.Array, rows: int) -> pa.ChunkedArray:
    """Returns a column of `rows` rows with `cells` at the rows `target`; the others stay empty."""
    source: list[int | None] = [None] * rows
    for cell, row in enumerate(target.to_pylist()):
        source[row] = cell
    return pa.chunked_array([pc.take(cells, pa.array(source, pa.int64()))])
