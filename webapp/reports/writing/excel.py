"""Writes a normalised table as an Excel file, batch by batch, with notes on changes on a sheet of their own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from rustpy_xlsxwriter import FastExcel, Format

from webapp.errors import TaskError
from webapp.reports import arrow_scalars
from webapp.reports.progress_words import WRITING
from webapp.reports.reading import column_names
from webapp.reports.writing.about import PLAIN, About
from webapp.reports.writing.charts import Chart
from webapp.reports.writing.column_rules import texts_of
from webapp.reports.writing.disk_full import disk_full, is_disk_full
from webapp.reports.writing.normalise import Normalised, Progress

SHEET_ROWS = 1_048_575  # Excel's 1,048,576 without the header
SHEET_COLUMNS = 16_384


def write(
    table: Normalised,
    path: Path,
    progress: Progress = lambda rows, words: None,
    about: About = PLAIN,
    chart: Chart | None = None,
) -> None:
    """Writes `table` to `path`; calls `progress` with the prepared rows, then with “writing the file”.

    Rows that do not fit on a sheet continue on another one. Raises TaskError if the table is too wide or the disk
    is full; exceptions of `progress` pass through. Then there is no file.
    """
    if len(table.schema) > SHEET_COLUMNS:
        raise TaskError(
            f"The table has {len(table.schema):,} columns, and Excel holds {SHEET_COLUMNS:,}. No file was made. "
            "Choose fewer columns or the file type CSV.",
            fault="form",
        )
    rows = _Rows(table, progress)
    book = FastExcel(path).format(bold_headers=True, inf_value="inf", datetime_format="yyyy-mm-dd hh:mm:ss")
    formats = {name: Format().set_num_format(code) for name, code in _formats(table, about).items()}
    total_format = {table.rows: Format().set_bold().set_border_top("thin")} if table.has_total else None
    for number in range(max(1, -(-table.rows // SHEET_ROWS))):
        title = "Report" if number == 0 else f"Report ({number + 1})"
        sheet = pa.RecordBatchReader.from_batches(table.schema, rows.of_one_sheet())
        book.freeze(row=1, sheet=title)
        book.sheet(
            title,
            sheet,
            column_formats=formats,
            column_widths=[*map(float, table.widths)],
            autofilter=bool(table.schema),
            row_formats=total_format if table.rows <= SHEET_ROWS else None,
        )
    if chart:
        _add_chart(book, chart)
    if table.notes or about.facts:
        _add_about(book, table, about)
    with _scratch_beside(path), _failures_translated(path, rows):
        book.save()


def _formats(table: Normalised, about: About) -> dict[str, str]:
    """Returns the number format of each column that needs one, with the chosen date format."""
    return {name: code.replace("yyyy-mm-dd", about.excel_day) for name, code in table.formats.items()}


def _add_chart(book: FastExcel, chart: Chart) -> None:
    """Adds a native chart on a sheet of its own, with its numbers."""
    series = [
        name if name not in chart.names[:position] else f"{name} ({position})"
        for position, name in enumerate(chart.names)
    ]
    titles = column_names.made_unique([chart.of or "Row", *series])[0]
    arrays = [texts_of(chart.labels), *(arrow_scalars.numbers(values) for _, values in chart.series)]
    kinds = {"bar": "column", "stacked": "column_stacked", "line": "line", "pie": "pie"}
    drawn = {"type": kinds[chart.kind], "series": titles[1:], "categories": titles[0], "title": chart.title}
    book.sheet("Chart", pa.table(arrays, titles), column_width=16.0, charts=[{**drawn, "width": 760, "height": 400}])


def _add_about(book: FastExcel, table: Normalised, about: About) -> None:
    facts = [("Report", about.title), *about.facts, ("Rows", f"{table.rows - table.has_total:,}")]
    facts += [("Note", note) for note in (*about.notes, *table.notes)]
    labels, values = (texts_of(one) for one in zip(*facts, strict=True))
    book.sheet("About this report", pa.table([labels, values], [" ", "About this report"]), column_widths=[24.0, 110.0])


class _Rows:
    """Distributes the batches to the sheets, and stores an exception: the writer would only keep its text."""

    def __init__(self, table: Normalised, progress: Progress) -> None:
        self._batches = table.batches()
        self._left: pa.RecordBatch | None = None
        self._total = table.rows
        self._progress = progress
        self._done = 0
        self.interruption: BaseException | None = None

    def of_one_sheet(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._distributed()
        except BaseException as error:
            self.interruption = error
            raise

    def _distributed(self) -> Iterator[pa.RecordBatch]:
        left = SHEET_ROWS
        while left and (batch := self._next()) is not None:
            part, rest = batch.slice(0, left), batch.slice(left)
            self._left = rest if rest.num_rows else None
            left -= part.num_rows
            yield part
            self._done += part.num_rows
            self._progress(self._done, WRITING if self._done >= self._total else "")

    def _next(self) -> pa.RecordBatch | None:
        left, self._left = self._left, None
        return left if left is not None else next(self._batches, None)


@contextmanager
def _failures_translated(path: Path, rows: _Rows) -> Iterator[None]:
    try:
        yield
    except BaseException as error:  # the writer's panics are not Exceptions; all are raised again
        path.unlink(missing_ok=True)
        if rows.interruption is not None:
            raise rows.interruption from None
        if is_disk_full(error):
            raise disk_full(str(error)) from error
        raise


@contextmanager
def _scratch_beside(path: Path) -> Iterator[None]:
    """Sets TMPDIR for the writer's unnamed scratch files: /tmp may be small or in memory."""
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(path.parent)
    try:
        yield
    finally:
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before
