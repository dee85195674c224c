"""The preview of a report: its first rows, the number of rows and the approximate size of the file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp import sandbox
from webapp.reports.reading.sources import MEMORY_MB, SECONDS, Ref, opened
from webapp.reports.shaping.plan import Plan

if TYPE_CHECKING:
    from webapp.reports.writing.normalise import Normalised

ROWS = 20
COLUMNS = 60  # columns in a preview; a wider table states its number of columns
# Bytes for each cell of a file, measured with the sales sample; a PDF has only the first rows.
_BYTES = {"xlsx": 7.0, "csv": 8.0, "parquet": 2.5, "jsonl": 22.0, "pdf": 9.0}
_LEAST = {"xlsx": 6_000, "pdf": 25_000}


@dataclass(frozen=True, kw_only=True)
class Preview:
    """`rows` as people read them; `kinds` are the types of the columns; `total` counts rows without a total row."""

    columns: Sequence[str]
    kinds: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Sequence[bool]
    total: int
    width: int
    has_total: bool = False  # whether the last row shown is the total row

    def size(self, format: str) -> int:
        """Returns the approximate size of the file in bytes."""
        rows = min(self.total, 5_000) if format == "pdf" else self.total
        return int(_LEAST.get(format, 200) + rows * self.width * _BYTES[format])


def peek(ref: Ref, plan: Plan, dates: str = "iso") -> Preview:
    """Returns the first rows of the plan's result. Raises TaskError if the report could not be made."""
    from webapp.reports.column_types import kind_of
    from webapp.reports.shaping import shape
    from webapp.reports.writing.normalise import normalise

    source = shape.shaped(opened(ref, shape.needed(plan, opened(ref).schema.names)), plan)
    return first_rows(normalise(source, "xlsx"), dates, [kind_of(kind) for kind in source.schema.types])


def first_rows(table: "Normalised", dates: str, of: Sequence[str] = ()) -> Preview:
    """Returns the first rows of a normalised table; `of`: the types of its columns before it was normalised."""
    from webapp.reports.column_types import kind_of
    from webapp.reports.writing.display import is_right, rows_of, shower

    names, kinds = table.schema.names[:COLUMNS], table.schema.types[:COLUMNS]
    showers = [shower(kind, table.formats.get(name, ""), dates) for name, kind in zip(names, kinds, strict=True)]
    rows: list[list[str]] = []
    last: list[list[str]] = []
    for batch in table.batches():
        part = batch.select(names)
        rows += rows_of(part.slice(0, ROWS - len(rows)), showers) if len(rows) < ROWS and names else []
        last = rows_of(part.slice(part.num_rows - 1), showers) if table.has_total and part.num_rows else last
        if len(rows) >= ROWS and not table.has_total:
            break
    if table.has_total and table.rows > ROWS:
        rows += last
    shown_kinds = list(of or map(kind_of, table.schema.types))[:COLUMNS]
    total = table.rows - table.has_total
    right = [is_right(kind) for kind in kinds]
    return Preview(
        columns=names,
        kinds=shown_kinds,
        rows=rows,
        right=right,
        total=total,
        width=len(table.schema),
        has_total=table.has_total,
    )


def peek_apart(ref: Ref, plan: Plan, dates: str = "iso") -> Preview:
    """Runs `peek` in a child process, so that the web process never imports Arrow."""
    return sandbox.call(peek, ref, plan, dates, seconds=SECONDS, memory_mb=MEMORY_MB, what="The preview")
