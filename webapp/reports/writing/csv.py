"""Writes a normalised table as CSV: UTF-8, RFC 4180, with a guard against formulas in texts."""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from webapp.ports.csv_cells import FORMULA, GUARD
from webapp.reports import arrow_scalars
from webapp.reports.progress_words import WRITING
from webapp.reports.writing.disk_full import whole_or_nothing
from webapp.reports.writing.normalise import Normalised, Progress


@dataclass(frozen=True)
class Dialect:
    """How the file is written; `mark`: with the byte order mark by which old programs recognise UTF-8."""

    delimiter: str = ","
    decimal: str = "."
    mark: bool = False


DEFAULT = Dialect()


def write(
    table: Normalised, path: Path, progress: Progress = lambda rows, words: None, dialect: Dialect = DEFAULT
) -> None:
    """Writes `table` to `path`; raises TaskError if the disk is full. Then there is no file."""
    with whole_or_nothing(path), path.open("wb") as file:
        _write(table, file, progress, dialect)


def _write(table: Normalised, file: BinaryIO, progress: Progress, dialect: Dialect) -> None:
    titles = [arrow_scalars.text(name) for name in table.schema.names]
    header = [pa.repeat(title, 1) for title in titles]
    file.write(codecs.BOM_UTF8 if dialect.mark else b"")
    file.write(_lines(header, dialect))
    done = 0
    for batch in table.batches():
        file.write(_lines(batch.columns, dialect))
        done += batch.num_rows
        progress(done, WRITING if done >= table.rows else "")


def _lines(columns: list[pa.Array], dialect: Dialect) -> bytes:
    fields = [_fields(column, dialect) for column in columns]
    if not fields or not len(fields[0]):
        return b""
    if len(fields) == 1:  # an empty line would not be read as a row
        fields = [pc.replace_substring_regex(fields[0], "^$", '""')]
    rows = pc.binary_join_element_wise(*fields, arrow_scalars.text(dialect.delimiter))
    ended = pc.binary_join_element_wise(rows, pa.repeat(arrow_scalars.text(""), len(rows)), arrow_scalars.text("\r\n"))
    return "".join(ended.to_pylist()).encode()


def _fields(column: pa.Array, dialect: Dialect) -> pa.Array:
    is_text = pa.types.is_string(column.type)
    texts = pc.cast(column, pa.string())
    texts = pc.if_else(pc.is_valid(texts), texts, arrow_scalars.text(""))
    if pa.types.is_floating(column.type) and dialect.decimal != ".":
        return pc.replace_substring(texts, ".", dialect.decimal)
    if not is_text:
        return texts
    guarded = pc.replace_substring_regex(texts, rf"\A({FORMULA})", rf"{GUARD}\1")
    doubled = pc.replace_substring_regex(guarded, '"', '""')
    special = '",\\r\\n' + re.escape(dialect.delimiter)
    return pc.replace_substring_regex(doubled, rf"(?s)\A(.*[{special}].*|\s.*|.*\s)\z", r'"\1"')
