"""Which rows keep a column from being one of numbers: so that a person can correct them."""

import re
from pathlib import Path

from webapp import sandbox
from webapp.reports.reading.sources import MEMORY_MB, SECONDS

SHOWN = 5
_ROW = re.compile(r"row (\d+) holds")
# A number as people write it, with a sign of its currency or of a percentage.
_NUMBER = r"^\s*[-+]?[\d.,'\s\x{a0}\x{202f}]*\d[\d.,]*(?:[eE][-+]?\d+)?\s*$"


def rows_of_text(typed: Path, column: str, note: str) -> tuple[list[int], int]:
    """The first rows that hold no number, as the file counts them, and how many there are; none where most do not.

    `note` is what was said of the column when it was read: it names the first such row, wherever the table begins.
    """
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    texts = pq.read_table(typed, columns=[column]).column(column)
    filled = pc.and_(
        pc.is_valid(texts), pc.fill_null(pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(texts)), 0), False)
    )
    wrong = pc.and_not(filled, pc.fill_null(pc.match_substring_regex(texts, _NUMBER), False))
    places = pc.indices_nonzero(wrong).to_pylist()
    if not places or len(places) * 2 > (pc.sum(filled).as_py() or 0):
        return [], 0
    told = _ROW.search(note)
    first = int(told[1]) - places[0] if told else 2
    return [place + first for place in places[:SHOWN]], len(places)


def rows_of_text_apart(typed: Path, column: str, note: str) -> tuple[list[int], int]:
    return sandbox.call(
        rows_of_text, typed, column, note, seconds=SECONDS, memory_mb=MEMORY_MB, what=f"The column “{column}”"
    )


def named(rows: list[int], count: int) -> str:
    """“row 14”, “rows 14 and 80”, “rows 2, 3, 4, 5, 6 and 12 more”."""
    if count > len(rows):
        return f"rows {', '.join(map(str, rows))} and {count - len(rows):,} more"
    if len(rows) == 1:
        return f"row {rows[0]}"
    return f"rows {', '.join(map(str, rows[:-1]))} and {rows[-1]}"
