"""The allow-list of types before a report is written: other types are written as text, with a note.

The writer silently leaves values of unknown types empty, or writes wrong ones (design.md, Reports). So each type has
a rule here (column_rules.py, date_rules.py); a type without one is written as text.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from webapp.reports.reading import column_names
from webapp.reports.writing import column_rules, date_rules

Target = Literal["xlsx", "csv"]
Progress = Callable[[int, str], None]

BATCH_ROWS = 20_000  # rows between two progress reports; more gains nothing (measured)


@dataclass(frozen=True)
class Source:
    """A table that can be read repeatedly; `notes`: what was changed to make it one."""

    schema: pa.Schema
    batches: Callable[[], Iterable[pa.RecordBatch]]
    notes: Sequence[str] = ()
    formats: Mapping[str, str] = field(default_factory=dict)  # number formats of columns that have one
    has_total: bool = False  # True if the last row is a total of the others


@dataclass(frozen=True)
class Normalised:
    """The same table, ready to be written: bool, int64, float64, text, naive timestamp and date columns only.

    `formats`: Excel's number formats of the columns that need one; `widths`: the widths of columns in characters.
    """

    schema: pa.Schema
    rows: int
    notes: list[str]
    formats: dict[str, str]
    widths: list[int]
    batches: Callable[[], Iterator[pa.RecordBatch]] = field(repr=False)
    has_total: bool = False


def of_table(table: pa.Table, notes: Sequence[str] = ()) -> Source:
    return Source(table.schema, lambda: table.to_batches(max_chunksize=BATCH_ROWS), notes)


def normalise(
    source: Source, target: Target = "xlsx", on_rows_read: Callable[[int], None] = lambda rows: None
) -> Normalised:
    """Reads the source once to choose the rule of every column; calls `on_rows_read` with the number of rows read."""
    titles, changes = column_names.made_unique(source.schema.names)
    chosen = [
        _rule(_unpacked_type(kind.type), title, target) for title, kind in zip(titles, source.schema, strict=True)
    ]
    rows = 0
    for batch in source.batches():
        rows += batch.num_rows
        on_rows_read(rows)
        for rule, column in zip(chosen, batch.columns, strict=True):
            rule.look(_unpacked(column))
    schema = pa.schema([(rule.name, rule.target) for rule in chosen])
    return Normalised(
        schema,
        rows,
        [*source.notes, *changes, *(note for rule in chosen for note in rule.notes())],
        {**{rule.name: rule.format for rule in chosen if rule.format}, **_given_formats(source, chosen)},
        [max(rule.width, len(rule.name) + 3) for rule in chosen],
        lambda: (_converted(batch, chosen, schema) for batch in source.batches()),
        source.has_total,
    )


def _given_formats(source: Source, chosen: list[column_rules.ColumnRule]) -> dict[str, str]:
    pairs = zip(chosen, source.schema.names, strict=True)
    return {rule.name: source.formats[name] for rule, name in pairs if name in source.formats}


def _converted(batch: pa.RecordBatch, chosen: list[column_rules.ColumnRule], schema: pa.Schema) -> pa.RecordBatch:
    columns = [rule.convert(_unpacked(column)) for rule, column in zip(chosen, batch.columns, strict=True)]
    if not columns:
        return batch
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _unpacked_type(kind: pa.DataType) -> pa.DataType:
    is_packed = pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind)
    return _unpacked_type(kind.value_type) if is_packed else pa.string() if _is_text(kind) else kind


def _unpacked(array: pa.Array) -> pa.Array:
    """Returns encoded arrays as plain values, because the writer would leave them empty; all texts as one type."""
    if pa.types.is_dictionary(array.type):
        return _unpacked(array.dictionary_decode())
    if pa.types.is_run_end_encoded(array.type):
        return _unpacked(pc.run_end_decode(array))
    return pc.cast(array, pa.string()) if _is_text(array.type) else array


def _rule(kind: pa.DataType, name: str, target: Target) -> column_rules.ColumnRule:
    for fits, rule in _RULES:
        if fits(kind):
            return rule(name, kind, target == "xlsx")
    return column_rules.AsText(name, kind, target == "xlsx")


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


_RULES: list[tuple[Callable[[pa.DataType], bool], type[column_rules.ColumnRule]]] = [
    (pa.types.is_boolean, column_rules.ColumnRule),
    (pa.types.is_integer, column_rules.IntegerRule),
    (pa.types.is_floating, column_rules.Fraction),
    (pa.types.is_decimal, column_rules.Exact),
    (_is_text, column_rules.Text),
    (pa.types.is_null, column_rules.EmptyColumn),
    (pa.types.is_date, date_rules.Day),
    (pa.types.is_timestamp, date_rules.Moment),
    (pa.types.is_time, date_rules.Clock),
    (pa.types.is_duration, date_rules.Duration),
]
