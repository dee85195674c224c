"""Reads tables of other programs: Parquet directly, JSON lines through CSV, so that dates and numbers are inferred."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from webapp.errors import UserError
from webapp.ports.tables import Column, TableSchema
from webapp.reports.column_types import kind_of
from webapp.reports.reading import delimited, file_type, typed_copy
from webapp.reports.reading.overrides import ParseOverrides
from webapp.reports.writing.normalise import BATCH_ROWS, Source, normalise

MOST_COLUMNS = 16_384


def understand_parquet(path: Path, name: str, target: Path) -> TableSchema:
    """Writes the typed copy, every column in a type that reports support; returns its schema, with notes on changes."""
    try:
        with pq.ParquetFile(path) as file:
            if len(file.schema_arrow) > MOST_COLUMNS:
                raise UserError(f"“{name}” has more than {MOST_COLUMNS:,} columns.", "data")
            if file.metadata.num_rows > delimited.MOST_ROWS:
                raise UserError(f"“{name}” has more than {delimited.MOST_ROWS:,} rows.", "data")
            table = normalise(_as_clocks_show(file), "csv")
            if not table.schema.names:
                raise file_type.empty(name)
            with typed_copy.writing(target, table.schema) as out:
                for batch in table.batches():
                    out.add(batch)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise UserError(f"“{name}” is broken or not a Parquet file. Make it again and choose that.", "data") from None
    columns = [Column(title, kind_of(kind)) for title, kind in zip(table.schema.names, table.schema.types, strict=True)]
    return TableSchema(table.rows, columns, notes=table.notes)


def _as_clocks_show(file: pq.ParquetFile) -> Source:
    """Converts times with a zone to local times of that zone, as in the other file types."""
    schema = file.schema_arrow
    zoned = {position: one for position, one in enumerate(schema) if pa.types.is_timestamp(one.type) and one.type.tz}
    notes = [f"“{one.name}”: the times are in the zone {one.type.tz}." for one in zoned.values()]
    for position, one in zoned.items():
        schema = schema.set(position, pa.field(one.name, pa.timestamp(one.type.unit)))

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in file.iter_batches(BATCH_ROWS):
            columns = [pc.local_timestamp(c) if n in zoned else c for n, c in enumerate(batch.columns)]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    return Source(schema, batches, notes)


def understand_jsonlines(path: Path, name: str, target: Path, overrides: ParseOverrides) -> TableSchema:
    """Writes the typed copy and returns its schema; raises UserError that names a line that is no object."""
    names: dict[str, None] = {}
    for line in _objects(path, name):
        names.update(dict.fromkeys(line))
        if len(names) > MOST_COLUMNS:
            raise UserError(f"The lines of “{name}” have more than {MOST_COLUMNS:,} different names.", "data")
    if not names:
        raise file_type.empty(name)
    text = target.with_name(target.name + ".csv")
    try:
        with text.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(names)
            for line in _objects(path, name):
                writer.writerow([_cell(line.get(one)) for one in names])
        return delimited.understand(text, name, target, overrides)
    finally:
        text.unlink(missing_ok=True)


def _objects(path: Path, name: str) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8-sig", errors="strict") as lines:
        number = 0
        try:
            for line in lines:
                number += 1
                if line.strip():
                    yield _object(line)
        except (ValueError, RecursionError):  # UnicodeDecodeError is one too
            message = (
                f"Line {number:,} of “{name}” is not a JSON object. Each line must be one, such as {{“Name”: “Ana”}}."
            )
            raise UserError(message, "data") from None


def _object(line: str) -> dict[str, Any]:
    # Numbers stay text: one with more digits than a double holds would change.
    found = json.loads(line, parse_float=str, parse_int=str, parse_constant=str)
    if not isinstance(found, dict):
        raise ValueError
    if any(isinstance(value, dict | list) for value in found.values()):
        nested = {name: value for name, value in json.loads(line).items() if isinstance(value, dict | list)}
        found.update(nested)  # nested values stay JSON
    return found


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
