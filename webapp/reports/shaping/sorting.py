"""Sorts as people do: case and accents matter only between otherwise equal words; empty cells are last."""

from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from webapp.reports.shaping.plan import Order

_CUT_EVERY = 200_000  # rows; a "top 10" keeps no more than these


def in_order(table: pa.Table, orders: Sequence[Order]) -> pa.Table:
    """Returns the rows of the table sorted; equal rows keep their order."""
    if not orders or table.num_rows < 2:
        return table
    keys: dict[str, pa.ChunkedArray] = {}
    sort: list[tuple[str, str, str]] = []
    for position, order in enumerate(orders):
        direction = "descending" if order.descending else "ascending"
        for part, key in enumerate(_keys(table.column(order.column))):
            keys[f"{position}.{part}"] = key
            sort.append((f"{position}.{part}", direction, "at_end"))
    return table.take(pc.sort_indices(pa.table(keys), sort_keys=sort))


def _keys(column: pa.ChunkedArray) -> list[pa.ChunkedArray]:
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    if pa.types.is_floating(column.type):  # NaN sorts like an empty cell
        column = pc.if_else(pc.is_nan(column), pa.nulls(len(column), column.type), column)
    if not pa.types.is_string(column.type):
        return [column]
    bare = pc.replace_substring_regex(pc.utf8_normalize(pc.utf8_lower(column), "NFKD"), r"\p{Mn}", "")
    return [bare, column]


def first(batches: Iterable[pa.RecordBatch], schema: pa.Schema, orders: Sequence[Order], top: int | None) -> pa.Table:
    """Returns all rows sorted, or the first `top` of them; then only these stay in memory."""
    batches_kept: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        batches_kept.append(batch)
        rows += batch.num_rows
        if top is not None and rows > max(_CUT_EVERY, 2 * top):
            batches_kept = in_order(pa.Table.from_batches(batches_kept, schema), orders).slice(0, top).to_batches()
            rows = top
        if top is not None and not orders and rows >= top:
            break
    table = in_order(pa.Table.from_batches(batches_kept, schema), orders)
    return table if top is None else table.slice(0, top)
