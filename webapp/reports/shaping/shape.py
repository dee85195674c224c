"""Applies the plan of a report to its data: filters, groups, calculates, sorts, limits, adds a total row."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import cycle
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from webapp.reports import arrow_scalars
from webapp.reports.shaping import exact_sums, group, pivot, sorting
from webapp.reports.shaping.filters import passing
from webapp.reports.shaping.plan import Order, Plan, Work
from webapp.reports.writing.column_rules import decimals
from webapp.reports.writing.normalise import BATCH_ROWS, Source

TOTAL = "Total"
OnRowsRead = Callable[[int], None]


def needed(plan: Plan, known: Sequence[str]) -> list[str]:
    """Returns the columns that this plan reads, in the order of the data; all if it chooses none."""
    used = {*plan.group_by, plan.across, *(work.column for work in plan.works), *(one.column for one in plan.filters)}
    if not plan.is_grouped:
        used |= {*(plan.columns or known), *(one.column for one in plan.sort)}
    return [name for name in known if name in used]


def shaped(source: Source, plan: Plan, on_rows_read: OnRowsRead = lambda rows: None) -> Source:
    """Returns the table that the plan makes of `source`, which has the columns `needed`.

    Grouping and sorting read the source once, here, and call `on_rows_read` with the rows read so far; all else is
    done batch by batch. Raises TaskError if a pivot gets too wide.
    """
    if plan.is_grouped:
        return _named(_grouped(source, plan, on_rows_read), plan)
    chosen = list(plan.columns) or source.schema.names
    if plan.sort or plan.top is not None or (plan.total_row and plan.works):
        return _named(_sorted(source, plan, chosen, on_rows_read), plan)
    schema = pa.schema([source.schema.field(name) for name in chosen])
    return _named(replace(source, schema=schema, batches=lambda: _passed(source, plan, chosen)), plan)


def _passed(
    source: Source, plan: Plan, chosen: Sequence[str], on_rows_read: OnRowsRead = lambda rows: None
) -> Iterator[Any]:
    rows = 0
    for batch in source.batches():
        yield passing(batch, plan.filters, plan.today).select(chosen)
        rows += batch.num_rows
        on_rows_read(rows)


def _sorted(source: Source, plan: Plan, chosen: list[str], on_rows_read: OnRowsRead) -> Source:
    further = [*(one.column for one in plan.sort), *(work.column for work in plan.works if work.column)]
    wide = list(dict.fromkeys([*chosen, *further]))
    schema = pa.schema([source.schema.field(name) for name in wide])
    table = sorting.first(_passed(source, plan, wide, on_rows_read), schema, plan.sort, plan.top)
    total = _total_of_rows(table, plan, chosen) if plan.total_row and plan.works else None
    return _with_total(table.select(chosen), total, source)


def _total_of_rows(table: pa.Table, plan: Plan, chosen: Sequence[str]) -> dict[str, Any]:
    groups = group.Groups([], plan.works)
    for batch in table.to_batches(max_chunksize=BATCH_ROWS) or [_empty(table.schema)]:
        groups.add(batch)
    values = zip(plan.works, group.finished(groups.table(), plan.works), strict=True)
    return {work.column: array for work, array in values if work.column in chosen}


def _empty(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.nulls(0, one.type) for one in schema], schema=schema)


def _grouped(source: Source, plan: Plan, on_rows_read: OnRowsRead) -> Source:
    plan = plan if plan.works else replace(plan, works=[Work("", "count")])
    keys = [*plan.group_by, *([plan.across] if plan.across else [])]
    groups = group.Groups(keys, plan.works)
    names = source.schema.names
    groups.add(_empty(source.schema))
    for batch in _passed(source, plan, names, on_rows_read):
        if batch.num_rows:
            groups.add(batch)
    found = groups.table()
    table, computed = _laid_out(found, plan)
    shown = sorting.first(table.to_batches(), table.schema, plan.sort or _by_keys(plan), plan.top)
    total = _total_of_groups(found, shown, plan, computed) if plan.total_row and plan.group_by else None
    titles = zip(computed, cycle(plan.works), strict=False)  # a cross table repeats them for each of its columns
    formats = {title: one for title, work in titles if (one := _format(shown.schema.field(title).type, work))}
    return replace(_with_total(shown, total, source), formats=formats)


def _format(kind: pa.DataType, work: Work) -> str:
    """Returns the number format of a computed column; numbers of the data have none, because they may be years."""
    if work.how == "mean":
        return decimals(2)
    return "#,##0" if pa.types.is_integer(kind) and work.how in ("sum", "count") else ""


def _by_keys(plan: Plan) -> list[Order]:
    return [Order(name) for name in plan.group_by]


def _laid_out(found: pa.Table, plan: Plan) -> tuple[pa.Table, list[str]]:
    if plan.across:
        return pivot.spread(found, plan)
    columns = [found.column(group.key_name(position)) for position in range(len(plan.group_by))]
    return pa.table([*columns, *group.finished(found, plan.works)], [*plan.group_by, *plan.titles]), plan.titles


def _total_of_groups(found: pa.Table, shown: pa.Table, plan: Plan, computed: Sequence[str]) -> dict[str, Any]:
    """Returns the totals of the groups in the report: an average is over all their rows, not over averages."""
    groups_shown = found
    if plan.top is not None:
        keys_kept = set(pivot._keys(shown.rename_columns(_key_titles(shown, plan)), len(plan.group_by)))
        mask = [key in keys_kept for key in pivot._keys(found, len(plan.group_by))]
        groups_shown = found.filter(pa.array(mask, pa.bool_()))
    if not plan.across:
        return dict(zip(computed, group.finished(group.merged([groups_shown], 0), plan.works), strict=True))
    # One total for each value of the further column, in the order of its columns.
    last = groups_shown.column(group.key_name(len(plan.group_by)))
    rest = groups_shown.drop_columns([group.key_name(position) for position in range(len(plan.group_by))])
    totals = {}
    titles_left = iter(computed)
    for value in pivot._distinct(found.column(group.key_name(len(plan.group_by)))):
        part = rest.filter(pivot._is(last, value))
        for array in group.finished(group.merged([part], 0), plan.works):
            totals[next(titles_left)] = array
    return totals


def _key_titles(shown: pa.Table, plan: Plan) -> list[str]:
    count = len(plan.group_by)
    return [group.key_name(position) if position < count else f"_{position}" for position in range(shown.num_columns)]


def _with_total(table: pa.Table, total: dict[str, Any] | None, source: Source) -> Source:
    """Returns the table as a source; the total row is last, with “Total” in its first column of text."""
    if total is None or not table.num_rows:
        return Source(table.schema, lambda: table.to_batches(max_chunksize=BATCH_ROWS), source.notes)
    label = next((one.name for one in table.schema if pa.types.is_string(one.type) and one.name not in total), None)
    columns = []
    for one in table.schema:
        last = total.get(one.name)
        if last is None:
            last = arrow_scalars.texts([TOTAL]) if one.name == label else pa.nulls(1, one.type)
        columns.append(exact_sums.unified([table.column(one.name), pa.chunked_array([_like(last, one.type)])]))
    whole = pa.table(columns, table.column_names)
    return Source(whole.schema, lambda: whole.to_batches(max_chunksize=BATCH_ROWS), source.notes, has_total=True)


def _like(last: pa.Array, kind: pa.DataType) -> pa.Array:
    """Returns a total in the type of its column: the total of doubles is an exact decimal."""
    if last.type == kind or (pa.types.is_decimal(last.type) and pa.types.is_decimal(kind)):
        return last
    if pa.types.is_floating(kind):
        return exact_sums.as_number(last)
    return pc.cast(last, kind, safe=pa.types.is_integer(kind))


def _named(source: Source, plan: Plan) -> Source:
    """Returns the source with the names that columns have in the report."""
    if not plan.names:
        return source
    names = [plan.names.get(name) or name for name in source.schema.names]
    schema = pa.schema([pa.field(name, one.type) for name, one in zip(names, source.schema, strict=True)])
    batches = source.batches
    formats = {plan.names.get(name) or name: one for name, one in source.formats.items()}
    return replace(
        source, schema=schema, batches=lambda: (batch.rename_columns(names) for batch in batches()), formats=formats
    )
