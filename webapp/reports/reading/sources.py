"""The sources of a report's data: the typed copy of an upload or of a query's rows, or a sample.

Heavy imports are inside functions: the web process imports this module, only child processes call it.
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
    """Names data for a child process: a sample, or a typed copy with the notes of its reading."""

    sample: str = ""
    typed: Path = field(default_factory=Path)
    notes: Sequence[str] = ()


def understand(path: Path, name: str, typed: Path, overrides: ParseOverrides = NOTHING) -> TableSchema:
    """Reads the upload `path`, named `name` by its owner, and writes `typed`, the same table as Parquet.

    Returns its schema. Raises UserError if the file is no table that can be read; then there is no `typed`.
    """
    kind = file_type.of(path, name)
    if kind == "workbook":
        from webapp.reports.reading import workbook

        return workbook.understand(path, name, typed, overrides)
    if kind == "parquet":
        from webapp.reports.reading import other_formats

        return other_formats.understand_parquet(path, name, typed)
    if kind == "jsonlines":
        from webapp.reports.reading import other_formats

        return other_formats.understand_jsonlines(path, name, typed, overrides)
    from webapp.reports.reading import delimited

    return delimited.understand(path, name, typed, overrides)


def understand_apart(
    path: Path,
    name: str,
    typed: Path,
    overrides: ParseOverrides = NOTHING,
    *,
    seconds: float = SECONDS,
    memory_mb: int = MEMORY_MB,
) -> TableSchema:
    """Runs `understand` in a child process with limits; the web process calls this one."""
    advice = "Save it as CSV or in smaller parts, and choose the new file."
    return sandbox.call(
        understand, path, name, typed, overrides, seconds=seconds, memory_mb=memory_mb, what=f"“{name}”", advice=advice
    )


def opened(ref: Ref, columns: Sequence[str] = ()) -> "Source":
    """Returns the data, all columns or the named ones in their order."""
    if not ref.sample:
        return of_typed(ref.typed, columns, ref.notes)
    from webapp.reports.writing.normalise import of_table

    table = samples.table(ref.sample)
    return of_table(table.select(columns) if columns else table)


def of_typed(typed: Path, columns: Sequence[str] = (), notes: Sequence[str] = ()) -> "Source":
    """Returns the typed copy, all columns or the named ones in their order, read batch by batch."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from webapp.reports.writing.normalise import BATCH_ROWS, Source

    whole = pq.read_schema(typed)
    selected = list(columns) or whole.names

    def batches() -> "Iterator[pa.RecordBatch]":
        with pq.ParquetFile(typed) as file:
            for batch in file.iter_batches(BATCH_ROWS, columns=selected):
                yield batch.select(selected)

    return Source(pa.schema([whole.field(name) for name in selected]), batches, notes)
