"""The typed copy of an uploaded table: a Parquet file, written beside its place and renamed when it is whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

# Every row group costs some hundred bytes for each column: wide tables get few of them.
_ROWS, _BYTES = 20_000, 32 << 20


@contextmanager
def writing(path: Path, schema: pa.Schema) -> Iterator["TypedFile"]:
    """A file to add batches to; nothing is left at `path` where the block raises."""
    part = path.with_name(path.name + ".part")
    try:
        # Dictionaries for thousands of columns at once would take more memory than the table.
        with pq.ParquetWriter(part, schema, compression="zstd", use_dictionary=len(schema) <= 200) as writer:
            file = TypedFile(writer, schema)
            yield file
            file.flush()
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


class TypedFile:
    """Gathers batches until a row group is worth its overhead."""

    def __init__(self, writer: Any, schema: pa.Schema) -> None:
        self._writer = writer
        self._schema = schema
        self._waiting: list[pa.RecordBatch] = []
        self._rows = self._bytes = 0
        self.rows = 0

    def add(self, batch: pa.RecordBatch) -> None:
        self._waiting.append(batch)
        self._rows += batch.num_rows
        self._bytes += batch.nbytes
        self.rows += batch.num_rows
        if self._bytes >= _BYTES or (self._rows >= _ROWS and self._bytes >= _BYTES // 32):
            self.flush()

    def flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_batches(self._waiting, self._schema))
        self._waiting, self._rows, self._bytes = [], 0, 0
