"""The data of a report: what is known before the run, and how the run opens them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any

from webapp import sandbox
from webapp.errors import FormErrors, NotFound, UserError
from webapp.kinds.report.form import ReportForm
from webapp.ports.form_context import FormContext
from webapp.ports.tables import SavedQuery, Table, TableSchema
from webapp.ports.task_context import TaskContext
from webapp.reports import samples, task_log_source
from webapp.reports.reading import misfits
from webapp.reports.reading.sources import MEMORY_MB, SECONDS, Ref

QUERY = "q-"  # begins the id of a saved query
PREVIEW_ROWS = 5_000  # rows of a query or of the log that a preview reads
GONE = "This data no longer exists. Choose a file or a sample."


@dataclass(frozen=True)
class DataSummary:
    """What is known of the data. `title`: as people see it; `kinds`: column types; `stem`: for the file name."""

    title: str
    kinds: Mapping[str, str]
    stem: str
    rows: int | None = None


def known(form: ReportForm, form_context: FormContext) -> DataSummary:
    """Returns what is known of the data; raises FormErrors if they do not exist."""
    if form.data in samples.TITLES:
        return _of_sample(form.data)
    if form.data in task_log_source.TITLES:
        return _of_log(form.data)
    try:
        if form.data.startswith(QUERY):
            return _of_query(form_context.query(form.data))
        return _of_table(form_context.table(form.data))
    except NotFound:
        raise FormErrors({"data": GONE}) from None


def check_values(form: ReportForm, form_context: FormContext) -> None:
    """Raises FormErrors if the values do not fit the query, or if there are values without a query."""
    if form.data.startswith(QUERY):
        form_context.check_query_values(form.data, form.values)
    elif form.values:
        raise FormErrors({"values": "This data takes no values."})


def rows_with_text(form: ReportForm, form_context: FormContext, column: str) -> str:
    """Names the rows whose text keeps a column from being numeric, as “rows 14 and 80”; empty if there are none."""
    if form.data.startswith(QUERY) or form.data in samples.TITLES or form.data in task_log_source.TITLES:
        return ""
    table = form_context.table(form.data)
    note = next((one.note for one in table.schema.columns if one.name == column), "")
    try:
        rows, count = misfits.rows_of_text_apart(table.typed, column, note)
    except UserError:
        return ""
    return misfits.named(rows, count) if rows else ""


def first_step(form: ReportForm) -> str:
    """Returns the progress text of the first step of a run."""
    return "asking the database" if form.data.startswith(QUERY) else "looking through the data"


@contextmanager
def preview_source(form: ReportForm, form_context: FormContext) -> Iterator[Ref]:
    """Yields what a preview needs to read the data; raises NotFound if they no longer exist."""
    if form.data in samples.TITLES:
        yield Ref(sample=form.data)
    elif form.data.startswith(QUERY) or form.data in task_log_source.TITLES:
        with TemporaryDirectory() as folder:
            yield _preview_rows(form, form_context, Path(folder) / "rows")
    else:
        table = form_context.table(form.data)
        yield Ref(typed=table.typed, notes=table.schema.notes)


@contextmanager
def opened(form: ReportForm, task: TaskContext) -> Iterator[tuple[DataSummary, Ref]]:
    """Yields what is known of the data, and what a run needs to read them."""
    if form.data in samples.TITLES:
        yield _of_sample(form.data), Ref(sample=form.data)
    elif form.data.startswith(QUERY) or form.data in task_log_source.TITLES:
        with task.files.scratch() as path:
            yield _fetched(form, task, path)
    else:
        table = task.data.table(form.data)
        yield _of_table(table), Ref(typed=table.typed, notes=_notes(table, form.columns))


def _of_sample(name: str) -> DataSummary:
    stem = "report" if name == "people" else name
    return DataSummary(samples.TITLES[name], samples.types(name), stem)


def _of_log(name: str) -> DataSummary:
    return DataSummary(task_log_source.TITLES[name], task_log_source.KINDS[name], name.removeprefix("log-"))


def _of_query(query: SavedQuery) -> DataSummary:
    return DataSummary(query.name, {column.name: column.type for column in query.columns}, query.name)


def _of_table(table: Table) -> DataSummary:
    kinds = {column.name: column.type for column in table.schema.columns}
    return DataSummary(table.name, kinds, PurePath(table.name).stem, table.schema.rows)


def _preview_rows(form: ReportForm, form_context: FormContext, path: Path) -> Ref:
    """Fetches the first rows, for a preview."""
    if form.data.startswith(QUERY):
        read = form_context.fetch_query(form.data, form.values, path, PREVIEW_ROWS)
    else:
        titles, rows = form_context.records(form.data, PREVIEW_ROWS)
        read = sandbox.call(_write, titles, list(rows), path, seconds=SECONDS, memory_mb=MEMORY_MB, what="The preview")
    return Ref(typed=path, notes=read.notes)


def _fetched(form: ReportForm, task: TaskContext, path: Path) -> tuple[DataSummary, Ref]:
    if form.data.startswith(QUERY):
        query, read = task.data.query(form.data, form.values, path)
        found = replace(_of_query(query), kinds={column.name: column.type for column in read.columns})
    else:
        read, found = _write(*task.data.records(form.data), path), _of_log(form.data)
    return replace(found, rows=read.rows), Ref(typed=path, notes=read.notes)


def _write(titles: Sequence[str], rows: Iterable[Sequence[Any]], path: Path) -> TableSchema:
    from webapp.reports.reading.row_spool import written

    return written(titles, rows, path)


def _notes(table: Table, columns: Sequence[str]) -> list[str]:
    """Returns the notes of the upload, without those on columns that the report leaves out."""
    left_out = [column.name for column in table.schema.columns if columns and column.name not in columns]
    return [note for note in table.schema.notes if not any(note.startswith(f"“{name}”:") for name in left_out)]
