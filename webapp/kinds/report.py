"""Makes a report: an Excel or CSV file of a sample or of an uploaded table."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from webapp.errors import FormErrors, NotFound
from webapp.kinds.texts import one_line, text
from webapp.ports import Desk, Kind, Table, TaskContext, TaskForm
from webapp.reports import samples
from webapp.reports.filenames import safe

if TYPE_CHECKING:  # only the child that makes the report imports Arrow
    from pathlib import Path

    from webapp.reports.normalise import Normalised, Progress, Source, Target

MEDIA_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "jsonl": "application/jsonl",
}
FORMATS = {"xlsx": "Excel", "csv": "CSV", "parquet": "Parquet", "jsonl": "JSON lines"}
DELIMITERS = {",": "comma", ";": "semicolon", "tab": "tab", "|": "bar"}


def _once(columns: Any) -> Any:
    """A column that is named twice is meant once."""
    return list(dict.fromkeys(columns)) if isinstance(columns, list) else columns


class ReportForm(TaskForm):
    """What goes into the file, and what it is called."""

    data: Annotated[str, text("data", 200, "Choose a file or a sample.")] = Field(
        title="Data",
        description="Your own CSV or Excel file, or one of the samples.",
        json_schema_extra={
            "widget": "data",
            "samples": {**samples.TITLES},
            "sample_columns": {name: [*samples.columns(name)] for name in samples.TITLES},
        },
    )
    columns: Annotated[list[str], BeforeValidator(_once)] = Field(
        default_factory=list,
        title="Columns",
        description="All of them, unless you choose.",
        max_length=16_384,
        json_schema_extra={"widget": "columns"},
    )
    format: Literal["xlsx", "csv", "parquet", "jsonl"] = Field(
        "xlsx",
        title="File type",
        json_schema_extra={
            "choices": {**FORMATS},
            "hints": {"parquet": "For other programs", "jsonl": "For other programs"},
        },
    )
    csv_delimiter: Literal[",", ";", "tab", "|"] = Field(
        ",", title="Between two cells", json_schema_extra={"choices": {**DELIMITERS}}
    )
    csv_decimal: Literal[".", ","] = Field(
        ".", title="Decimal sign", json_schema_extra={"choices": {".": "point: 1240.5", ",": "comma: 1240,5"}}
    )
    csv_mark: bool = Field(False, title="With a byte order mark, for old versions of Excel")
    name: Annotated[str, one_line("file name", 200)] = Field(
        "", title="File name", description="Without it, the file is called like its data."
    )


def check(form: ReportForm, desk: Desk) -> None:
    """Refuses data that is not there and columns that the data does not have."""
    if form.format == "csv" and form.csv_decimal == form.csv_delimiter:
        raise FormErrors({"csv_decimal": "A decimal comma needs another sign between two cells, such as a semicolon."})
    if form.data in samples.TITLES:
        _check_columns(form.columns, samples.columns(form.data), samples.TITLES[form.data])
        return
    try:
        table = desk.table(form.data)
    except NotFound:
        raise FormErrors({"data": "This data is not there any more. Choose a file or a sample."}) from None
    _check_columns(form.columns, [column.name for column in table.understood.columns], table.name)


def _check_columns(wanted: list[str], known: list[str], title: str) -> None:
    missing = [name for name in wanted if name not in known]
    if not missing:
        return
    shown = ", ".join(known[:20]) + (f" and {len(known) - 20:,} more" if len(known) > 20 else "")
    named = ", ".join(f"“{name}”" for name in missing[:5])
    words = f"{named} {'is not a column' if len(missing) == 1 else 'are not columns'} of {title}."
    raise FormErrors({"columns": f"{words} Its columns are {shown}."})


def run(form: ReportForm, task: TaskContext) -> str:
    """Writes the file and says how many rows it has."""
    from webapp.reports.normalise import normalise

    source, title = _source(form, task)
    task.progress(0, None, "looking through the data")
    # Only Excel has limits of its own; the other types hold what the allow-list leaves as it is.
    target: Target = "xlsx" if form.format == "xlsx" else "csv"
    table = normalise(source, target, lambda rows: task.progress(0, None, f"looked through {rows:,} rows"))
    name = safe(form.name or title, form.format)
    write = _writer(form)
    with task.new_file(name, MEDIA_TYPES[form.format]) as path:
        write(table, path, lambda rows, words: task.progress(rows, table.rows, words))
    for note in table.notes:
        task.log(note)
    return f"{name}: {table.rows:,} {'row' if table.rows == 1 else 'rows'}"


def _writer(form: ReportForm) -> "Callable[[Normalised, Path, Progress], None]":
    from webapp.reports import csv, excel, jsonlines, parquet

    dialect = csv.Dialect("\t" if form.csv_delimiter == "tab" else form.csv_delimiter, form.csv_decimal, form.csv_mark)
    writers: dict[str, Callable[..., None]] = {
        "xlsx": excel.write,
        "csv": partial(csv.write, dialect=dialect),
        "parquet": parquet.write,
        "jsonl": jsonlines.write,
    }
    return writers[form.format]


def _source(form: ReportForm, task: TaskContext) -> "tuple[Source, str]":
    """The data, and what the file is called when the form does not say."""
    from webapp.reports import normalise, sources

    if form.data in samples.TITLES:
        table = samples.table(form.data)
        title = "report" if form.data == "people" else form.data
        return normalise.of_table(table.select(form.columns) if form.columns else table), title
    upload = task.table(form.data)
    return sources.of_typed(upload.typed, form.columns, _notes(upload, form.columns)), upload.name.rpartition(".")[0]


def _notes(upload: Table, columns: list[str]) -> list[str]:
    """What was noted while the upload was read, without the remarks on columns that are left out."""
    left_out = [column.name for column in upload.understood.columns if columns and column.name not in columns]
    return [note for note in upload.understood.notes if not any(note.startswith(f"“{name}”:") for name in left_out)]


def _title(form: ReportForm) -> str:
    # The id of an upload says nothing to a person.
    return f"Report: {form.name or form.data}" if form.name or form.data in samples.TITLES else "Report from a file"


def _title_at(form: ReportForm, desk: Desk) -> str:
    if form.name or form.data in samples.TITLES:
        return _title(form)
    return f"Report: {desk.table(form.data).name}"


KIND = Kind(
    name="report",
    title="Make a report",
    about="Excel or CSV from your own file or the usual data.",
    verb="Make report",
    icon="report",
    form=ReportForm,
    run=run,
    title_of=_title,
    title_at=_title_at,
    queue=lambda form: "reports",
    check=check,
    in_child=True,
)
