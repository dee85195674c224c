"""The data of a report: what a form knows of them before it starts, and how the run opens them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePath

from webapp.errors import FormErrors, NotFound
from webapp.kinds.reportform import ReportForm
from webapp.ports import Desk, Table, TaskContext
from webapp.reports import samples
from webapp.reports.sources import Ref

GONE = "This data is not there any more. Choose a file or a sample."


@dataclass(frozen=True)
class Known:
    """`title` is what people call the data, `kinds` its columns with their types, `stem` what its file is called."""

    title: str
    kinds: Mapping[str, str]
    stem: str
    rows: int | None = None


def known(form: ReportForm, desk: Desk) -> Known:
    """What is known of the data; FormErrors where they are not there."""
    if form.data in samples.TITLES:
        return of_sample(form.data)
    try:
        return _of_table(desk.table(form.data))
    except NotFound as error:
        raise FormErrors({"data": error.words if error.field == "data-gone" else GONE}) from None


def of_sample(name: str) -> Known:
    stem = "report" if name == "people" else name
    return Known(samples.TITLES[name], samples.types(name), stem)


def _of_table(table: Table) -> Known:
    kinds = {column.name: column.type for column in table.understood.columns}
    return Known(table.name, kinds, PurePath(table.name).stem, table.understood.rows)


@contextmanager
def looked_at(form: ReportForm, desk: Desk) -> Iterator[Ref]:
    """What a preview needs to read the data; NotFound where they are gone."""
    if form.data in samples.TITLES:
        yield Ref(sample=form.data)
        return
    table = desk.table(form.data)
    yield Ref(typed=table.typed, notes=table.understood.notes)


@contextmanager
def opened(form: ReportForm, task: TaskContext) -> Iterator[tuple[Known, Ref]]:
    """The same for a run, with what a child needs to read them."""
    if form.data in samples.TITLES:
        yield of_sample(form.data), Ref(sample=form.data)
        return
    table = task.table(form.data)
    yield _of_table(table), Ref(typed=table.typed, notes=_notes(table, form.columns))


def _notes(table: Table, columns: Sequence[str]) -> list[str]:
    """What was noted while the upload was read, without the remarks on columns that are left out."""
    left_out = [column.name for column in table.understood.columns if columns and column.name not in columns]
    return [note for note in table.understood.notes if not any(note.startswith(f"“{name}”:") for name in left_out)]
