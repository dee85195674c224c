"""Finds the rows that keep a column from being numeric, so that a person can correct them."""

import re
from pathlib import Path

from webapp import sandbox
from webapp.reports.reading.sources import MEMORY_MB, SECONDS

EXAMPLES = 5
_ROW = re.compile(r"row (\d+) holds")
# A number as people write it.
_NUMBER = r"^\s*[-+]?[\d.,'\s\x{a0}\x{202f}]*\d[\d.,]*(?:[eE][-+]?\d+)?\s*$"


def rows_of_text(typed: Path, column: str, note: str) -> tuple[list[int], int]:
    """Returns the first rows without a number, as the file counts them, and their total; none if most rows have none.

    `note` is the note on the column from when the upload was read: it names the first such row.
    """
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    texts = pq.read_table(typed, columns=[column]).column(column)
    filled = pc.and_(
        pc.is_valid(texts), pc.fill_null(pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(texts)), 0), False)
    )
    wrong = pc.and_not(filled, pc.fill_null(pc.match_substring_regex(texts, _NUMBER), False))
    positions = pc.indices_nonzero(wrong).to_pylist()
    if not positions or len(positions) * 2 > (pc.sum(filled).as_py() or 0):
        return [], 0
    match = _ROW.search(note)
    first = int(match[1]) - positions[0] if match else 2
    return [position + first for position in positions[:EXAMPLES]], len(positions)


def rows_of_text_apart(typed: Path, column: str, note: str) -> tuple[list[int], int]:
    return sandbox.call(
        rows_of_text, typed, column, note, seconds=SECONDS, memory_mb=MEMORY_MB, what=f"The column “{column}”"
    )


def named(rows: list[int], count: int) -> str:
    """Returns “row 14”, “rows 14 and 80” or “rows 2, 3, 4, 5, 6 and 12 more”."""
    if count > len(rows):
        return f"rows {', '.join(map(str, rows))} and {count - len(rows):,} more"
    if len(rows) == 1:
        return f"row {rows[0]}"
    return f"rows {', '.join(map(str, rows[:-1]))} and {rows[-1]}"
