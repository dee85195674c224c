"""The data of a report: what a form knows of them before it starts, and how the run opens them."""

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
GLANCE = 5_000  # rows of a query or of the log that a preview looks at
GONE = "This data is not there any more. Choose a file or a sample."


@dataclass(frozen=True)
class Known:
    """`title` is what people call the data, `kinds` its columns with their types, `stem` what its file is called."""

    title: str
    kinds: Mapping[str, str]
    stem: str
    rows: int | None = None


def known(form: ReportForm, form_context: FormContext) -> Known:
    """What is known of the data; FormErrors where they are not there."""
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


def judge_values(form: ReportForm, form_context: FormContext) -> None:
    """FormErrors where the values do not fit the query; without a query there are none."""
    if form.data.startswith(QUERY):
        form_context.judge(form.data, form.values)
    elif form.values:
        raise FormErrors({"values": "This data asks for no values."})


def where_text_stands(form: ReportForm, form_context: FormContext, column: str) -> str:
    """“rows 14 and 80” where a few texts keep a column of an upload from being numbers; else empty."""
    if form.data.startswith(QUERY) or form.data in samples.TITLES or form.data in task_log_source.TITLES:
        return ""
    table = form_context.table(form.data)
    note = next((one.note for one in table.understood.columns if one.name == column), "")
    try:
        rows, count = misfits.rows_of_text_apart(table.typed, column, note)
    except UserError:
        return ""
    return misfits.named(rows, count) if rows else ""


def begins_with(form: ReportForm) -> str:
    """What a run does first, as its progress says it."""
    return "asking the database" if form.data.startswith(QUERY) else "looking through the data"


@contextmanager
def looked_at(form: ReportForm, form_context: FormContext) -> Iterator[Ref]:
    """What a preview needs to read the data; NotFound where they are gone."""
    if form.data in samples.TITLES:
        yield Ref(sample=form.data)
    elif form.data.startswith(QUERY) or form.data in task_log_source.TITLES:
        with TemporaryDirectory() as folder:
            yield _glanced(form, form_context, Path(folder) / "rows")
    else:
        table = form_context.table(form.data)
        yield Ref(typed=table.typed, notes=table.understood.notes)


@contextmanager
def opened(form: ReportForm, task: TaskContext) -> Iterator[tuple[Known, Ref]]:
    """The same for a run, with what is known of them."""
    if form.data in samples.TITLES:
        yield _of_sample(form.data), Ref(sample=form.data)
    elif form.data.startswith(QUERY) or form.data in task_log_source.TITLES:
        with task.files.scratch() as path:
            yield _fetched(form, task, path)
    else:
        table = task.data.table(form.data)
        yield _of_table(table), Ref(typed=table.typed, notes=_notes(table, form.columns))


def _of_sample(name: str) -> Known:
    stem = "report" if name == "people" else name
    return Known(samples.TITLES[name], samples.types(name), stem)


def _of_log(name: str) -> Known:
    return Known(task_log_source.TITLES[name], task_log_source.KINDS[name], name.removeprefix("log-"))


def _of_query(query: SavedQuery) -> Known:
    return Known(query.name, {column.name: column.type for column in query.columns}, query.name)


def _of_table(table: Table) -> Known:
    kinds = {column.name: column.type for column in table.understood.columns}
    return Known(table.name, kinds, PurePath(table.name).stem, table.understood.rows)


def _glanced(form: ReportForm, form_context: FormContext, path: Path) -> Ref:
    """The first rows, for a preview."""
    if form.data.startswith(QUERY):
        read = form_context.ask(form.data, form.values, path, GLANCE)
    else:
        titles, rows = form_context.records(form.data, GLANCE)
        read = sandbox.call(_write, titles, list(rows), path, seconds=SECONDS, memory_mb=MEMORY_MB, what="The preview")
    return Ref(typed=path, notes=read.notes)


def _fetched(form: ReportForm, task: TaskContext, path: Path) -> tuple[Known, Ref]:
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
    """What was noted while the upload was read, without the remarks on columns that are left out."""
    left_out = [column.name for column in table.understood.columns if columns and column.name not in columns]
    return [note for note in table.understood.notes if not any(note.startswith(f"“{name}”:") for name in left_out)]
