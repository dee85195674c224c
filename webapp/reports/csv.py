"""Writes a normalised table as CSV: comma, UTF-8, decimal point, RFC 4180, and no text that runs as a formula."""

from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from webapp.reports import scalars
from webapp.reports.disk import no_room, says_no_room
from webapp.reports.normalise import WRITING, Normalised, Progress


def write(table: Normalised, path: Path, progress: Progress = lambda rows, words: None) -> None:
    """Writes `table` to `path`; raises TaskError where the disk is full. Then there is no file."""
    try:
        with path.open("wb") as file:
            _write(table, file, progress)
    except OSError as error:
        path.unlink(missing_ok=True)
        if says_no_room(error):
            raise no_room(str(error)) from error
        raise


def _write(table: Normalised, file: BinaryIO, progress: Progress) -> None:
    titles = [scalars.text(name) for name in table.schema.names]
    header = [pa.repeat(title, 1) for title in titles]
    file.write(_lines(header))
    done = 0
    for batch in table.batches():
        file.write(_lines(batch.columns))
        done += batch.num_rows
        progress(done, WRITING if done >= table.rows else "")


def _lines(columns: list[pa.Array]) -> bytes:
    fields = [_fields(column) for column in columns]
    if not fields or not len(fields[0]):
        return b""
    if len(fields) == 1:  # an empty line would be no row
        fields = [pc.replace_substring_regex(fields[0], "^$", '""')]
    rows = pc.binary_join_element_wise(*fields, scalars.text(","))
    ended = pc.binary_join_element_wise(rows, pa.repeat(scalars.text(""), len(rows)), scalars.text("\r\n"))
    return "".join(ended.to_pylist()).encode()


def _fields(column: pa.Array) -> pa.Array:
    is_text = pa.types.is_string(column.type)
    texts = pc.cast(column, pa.string())
    texts = pc.if_else(pc.is_valid(texts), texts, scalars.text(""))
    if not is_text:
        return texts
    guarded = pc.replace_substring_regex(texts, r"\A([=+\-@\t\r])", r"'\1")
    doubled = pc.replace_substring_regex(guarded, '"', '""')
    return pc.replace_substring_regex(doubled, r'(?s)\A(.*[",\r\n].*|\s.*|.*\s)\z', r'"\1"')
