"""Lists as CSV, sent a chunk at a time while they are read; no cell is a formula."""

import csv
import io
from collections.abc import Iterator, Sequence

from fastapi.responses import StreamingResponse

from webapp.ports.csv_cells import guarded
from webapp.web.http.file_response import PRIVATE


def lines(rows: Sequence[Sequence[str]]) -> str:
    """Returns these rows as text; `csv_cells.unguarded` reads them back."""
    out = io.StringIO()
    csv.writer(out).writerows([[guarded(cell) for cell in row] for row in rows])
    return out.getvalue()


def download(name: str, parts: Iterator[str]) -> StreamingResponse:
    """Returns a file that is written while it is sent; `name` in ASCII."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', **PRIVATE}
    return StreamingResponse(parts, media_type="text/csv; charset=utf-8", headers=headers)
