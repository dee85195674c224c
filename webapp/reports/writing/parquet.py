"""Writes a normalised table as Parquet, batch by batch, for other programs; notes on changes are in its metadata."""

import json
from pathlib import Path

import pyarrow.parquet as pq

from webapp.reports.progress_words import WRITING
from webapp.reports.writing.disk_full import whole_or_nothing
from webapp.reports.writing.normalise import Normalised, Progress

NOTES = b"outtray.notes"


def write(table: Normalised, path: Path, progress: Progress = lambda rows, words: None) -> None:
    """Writes `table` to `path`; raises TaskError if the disk is full. Then there is no file."""
    schema = table.schema.with_metadata({NOTES: json.dumps(table.notes, ensure_ascii=False).encode()})
    done = 0
    with whole_or_nothing(path), pq.ParquetWriter(path, schema, compression="zstd") as out:
        for batch in table.batches():
            out.write_batch(batch)
            done += batch.num_rows
            progress(done, WRITING if done >= table.rows else "")
