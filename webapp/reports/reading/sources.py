"""Where a report's data come from: the typed copy of an uploaded file or of a query's rows, or one of the samples.

Nothing heavy is imported here before it is needed: the web process imports this module, only children call it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from webapp import sandbox
from webapp.ports.tables import TableSchema
from webapp.reports import samples
from webapp.reports.reading import file_type
from webapp.reports.reading.overrides import NOTHING, ParseOverrides

if TYPE_CHECKING:
    import pyarrow as pa

    from webapp.reports.writing.normalise import Source

SECONDS = 20.0
MEMORY_MB = 1024


@dataclass(frozen=True)
class Ref:
    """Names data so that a child can open them: a sample, or a typed copy with what was noted while it was made."""

    sample: str = ""
    typed: Path = field(default_factory=Path)
    notes: Sequence[str] = ()


def understand(path: Path, name: str, typed: Path, wish: ParseOverrides = NOTHING) -> TableSchema:
    """Reads the upload `path`, called `name` by its owner, and writes `typed`, the same as Parquet with its types.

    Raises UserError with plain words where the file is no table that can be read; then there is no `typed`.
    """
    kind = file_type.of(path, name)
    if kind == "workbook":
        from webapp.reports.reading import workbook

        return workbook.understand(path, name, typed, wish)
    if kind == "parquet":
        from webapp.reports.reading import other_formats

        return other_formats.understand_parquet(path, name, typed)
    if kind == "jsonlines":
        from webapp.reports.reading import other_formats

        return other_formats.understand_jsonlines(path, name, typed, wish)
    from webapp.reports.reading import delimited

    return delimited.understand(path, name, typed, wish)


def understand_apart(
    path: Path,
    name: str,
    typed: Path,
    wish: ParseOverrides = NOTHING,
    *,
    seconds: float = SECONDS,
    memory_mb: int = MEMORY_MB,
) -> TableSchema:
    """`understand` in a child with limits: what the web process calls."""
    advice = "Save it as CSV or in smaller parts, and choose that."
    return sandbox.call(
        understand, path, name, typed, wish, seconds=seconds, memory_mb=memory_mb, what=f"“{name}”", advice=advice
    )


def opened(ref: Ref, columns: Sequence[str] = ()) -> "Source":
    """The data, all of them or the named columns in their order."""
    if not ref.sample:
        return of_typed(ref.typed, columns, ref.notes)
    from webapp.reports.writing.normalise import of_table

    table = samples.table(ref.sample)
    return of_table(table.select(columns) if columns else table)


def of_typed(typed: Path, columns: Sequence[str] = (), notes: Sequence[str] = ()) -> "Source":
    """The typed copy, all of it or the named columns in their order, batch by batch and never whole in memory."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from webapp.reports.writing.normalise import BATCH_ROWS, Source

    whole = pq.read_schema(typed)
    wanted = list(columns) or whole.names

    def batches() -> "Iterator[pa.RecordBatch]":
        with pq.ParquetFile(typed) as file:
            for batch in file.iter_batches(BATCH_ROWS, columns=wanted):
                yield batch.select(wanted)

    return Source(pa.schema([whole.field(name) for name in wanted]), batches, notes)
