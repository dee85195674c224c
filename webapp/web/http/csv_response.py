"""Lists as CSV, a chunk at a time: what a spreadsheet would take for a formula has a ' before it."""

import csv
import io
from collections.abc import Iterator, Sequence

from fastapi.responses import StreamingResponse

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def lines(rows: Sequence[Sequence[str]], *, guarded: bool = True) -> str:
    """Returns these rows as text; not `guarded` for a file that an import reads again."""
    out = io.StringIO()
    csv.writer(out).writerows([[_harmless(cell) for cell in row] if guarded else row for row in rows])
    return out.getvalue()


def _harmless(cell: str) -> str:
    return "'" + cell if cell.startswith(FORMULA) else cell


def download(name: str, parts: Iterator[str]) -> StreamingResponse:
    """A file that is written while it is sent; `name` in ASCII."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(parts, media_type="text/csv; charset=utf-8", headers=headers)
