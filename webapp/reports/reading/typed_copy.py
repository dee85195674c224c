"""The typed copy of an uploaded table: a Parquet file, whole or not there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from webapp import atomic

# Every row group costs some hundred bytes per column: wide tables get fewer of them.
_ROWS, _BYTES = 20_000, 32 << 20
MOST_DICTIONARIES = 200  # columns; for thousands at once they would take more memory than the table


@contextmanager
def writing(path: Path, schema: pa.Schema) -> Iterator["TypedFile"]:
    """Yields a file to add batches to; nothing is left at `path` if the block raises."""
    options = {"compression": "zstd", "use_dictionary": len(schema) <= MOST_DICTIONARIES}
    with atomic.replacing(path) as part, pq.ParquetWriter(part, schema, **options) as writer:
        file = TypedFile(writer, schema)
        yield file
        file.flush()


class TypedFile:
    """Collects batches until a row group is large enough for its overhead."""

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
