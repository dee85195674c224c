"""Detects the dialect of a delimited text: its delimiter, its header, and where its rows begin."""

import csv
import io
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from webapp.errors import UserError
from webapp.reports.reading import file_type

MOST_COLUMNS = 16_384
_CANDIDATES = "\t;|,"  # in this order if two fit equally: texts and numbers contain commas too
_NONE = "\x1f"  # occurs in no text: the file has one column
_SAMPLE = 1 << 20
_ROWS = 200


@dataclass(frozen=True)
class Dialect:
    """`offset` is where the first row after the header begins; `first_row` is its number, the header's rows counted."""

    delimiter: str
    header: list[str]
    offset: int
    first_row: int

    @property
    def shown(self) -> str:
        return "" if self.delimiter == _NONE else self.delimiter


def find(path: Path, name: str) -> Dialect:
    """Returns the dialect of a UTF-8 text; raises UserError if it has no header or too many columns."""
    csv.field_size_limit(1 << 30)
    lines = _sample(path)
    skipped, declared = _preamble(lines)
    body = lines[skipped:]
    if not body:
        raise file_type.empty(name)
    delimiter = declared or _delimiter(body, name)
    rows, used = _rows(body, delimiter)
    header = _fitted(rows[0], rows[1:])
    if len(header) > MOST_COLUMNS:
        raise UserError(f"“{name}” has {len(header):,} columns. The most that can be read is {MOST_COLUMNS:,}.", "data")
    offset = len("".join(lines[: skipped + used]).encode())
    return Dialect(delimiter, header, offset, skipped + 2)


def _sample(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        text = file.read(_SAMPLE)
        if not text.endswith("\n"):
            text += file.readline(_SAMPLE)
    return io.StringIO(text, newline="").readlines()


def _preamble(lines: list[str]) -> tuple[int, str]:
    """Returns the number of lines before the header (blank ones, and Excel's “sep=;”) and that separator."""
    declared = ""
    for number, line in enumerate(lines):
        bare = line.strip()
        if bare.lower().startswith("sep=") and len(bare) == 5 and not declared:
            declared = bare[4]
        elif bare:
            return number, declared
    return len(lines), declared


def _delimiter(lines: list[str], name: str) -> str:
    best, most_alike = "", 0.0
    for candidate in _CANDIDATES:
        rows, _ = _rows(lines, candidate)
        width = len(rows[0])
        alike = sum(len(row) in (width, width + 1) or not any(row) for row in rows) / len(rows)
        if width > 1 and round(alike, 1) > most_alike:
            best, most_alike = candidate, round(alike, 1)
    return best or _delimiter_of_one_column(lines, name)


def _delimiter_of_one_column(lines: list[str], name: str) -> str:
    """Returns the delimiter of a text whose header has one column; _NONE for a plain list of texts."""
    for candidate in _CANDIDATES:
        rows, _ = _rows(lines, candidate)
        split = sum(len(row) > 1 for row in rows)
        if split > len(rows) // 2 or (split and candidate == "," and name.lower().endswith(".csv")):
            return candidate
    return _NONE


def _rows(lines: list[str], delimiter: str) -> tuple[list[list[str]], int]:
    """Returns the first rows, and the number of lines of the header."""
    reader = csv.reader(lines, delimiter=delimiter)
    header = next(reader)
    used = reader.line_num
    return [header, *(row for row in islice(reader, _ROWS) if row)], used


def _fitted(header: list[str], rows: list[list[str]]) -> list[str]:
    """Returns the header with the width of the rows if all rows, or only the header, end with an extra delimiter."""
    width = len(header)
    if rows and all(len(row) == width + 1 and row[-1] == "" for row in rows):
        return [*header, ""]
    if rows and width > 1 and not header[-1].strip() and all(len(row) == width - 1 for row in rows):
        return header[:-1]
    return header
