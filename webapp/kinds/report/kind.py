"""Makes a report: an Excel, CSV, PDF, Parquet or JSON file of a sample, of an uploaded table or of a saved query."""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

from webapp.clock import now, today
from webapp.errors import FormErrors, NotFound, TaskError
from webapp.kinds.report import data as report_data
from webapp.kinds.report import mail
from webapp.kinds.report.data import DataSummary
from webapp.kinds.report.eta import Eta
from webapp.kinds.report.form import ReportForm
from webapp.kinds.report.plan import errors_of, plan_of
from webapp.ports.delivery_state import SkipReason
from webapp.ports.files import Attachment
from webapp.ports.form_context import FormContext
from webapp.ports.kinds import Kind
from webapp.ports.task_context import TaskContext
from webapp.reports import preview, samples
from webapp.reports.shaping.plan import Plan
from webapp.reports.writing.about import About, facts_of
from webapp.reports.writing.filenames import safe

if TYPE_CHECKING:  # only the child that makes the report imports Arrow
    from pathlib import Path

    from webapp.reports.reading.sources import Ref
    from webapp.reports.writing.charts import Chart
    from webapp.reports.writing.normalise import Normalised, Progress, Target

    Writer = Callable[[Normalised, Path, Progress], None]

MEDIA_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "pdf": "application/pdf",
    "parquet": "application/vnd.apache.parquet",
    "jsonl": "application/jsonl",
}
TOO_MANY = "The report has {:,} rows, and the limit is {:,}. No file was made. Use a filter to get fewer rows."
FOR_PROGRAMS = ("parquet", "jsonl")  # they hold rows only


def check(form: ReportForm, form_context: FormContext) -> None:
    """Raises FormErrors if the data does not exist, or if this report cannot be made of it."""
    if form.format == "csv" and form.csv_decimal == form.csv_delimiter:
        raise FormErrors({"csv_decimal": "A decimal comma needs another sign between two cells, such as a semicolon."})
    data = report_data.known(form, form_context)
    report_data.check_values(form, form_context)
    plan = plan_of(form, data.kinds, today(form_context.person.zone))
    if errors := errors_of(form, plan, data.kinds, data.title, partial(report_data.rows_with_text, form, form_context)):
        raise FormErrors(errors)


def run(form: ReportForm, task: TaskContext) -> str:
    """Writes the file, emails it if the form says so, and returns the outcome with the number of rows."""
    existing = task.files.made() if form.mail_to else ()
    if existing:  # an earlier attempt has written the file; only the email is left
        file, rows = existing[0], "see the file"
        delivery_outcome = mail.hand_over(form, task, file, _heading(form, file.name), rows)
        return delivery_outcome if delivery_outcome.startswith(mail.READY) else f"{file.name}. {delivery_outcome}"
    task.progress(0, None, report_data.first_step(form))
    with report_data.opened(form, task) as (data, ref):
        return _made(form, task, data, ref)


def _made(form: ReportForm, task: TaskContext, data: DataSummary, ref: "Ref") -> str:
    clock = Eta(task, form.format)
    plan = plan_of(form, data.kinds, today(task.owner.zone))
    table = _table(form, task, plan, ref)
    if table.rows > task.data.max_rows:
        raise TaskError(TOO_MANY.format(table.rows, task.data.max_rows), cause="report-rows", fault="form")
    rows = _counted(table)
    if form.skip_empty and table.rows - table.has_total == 0:
        task.ledger.skip(mail.EMPTY, SkipReason.EMPTY)
        return "There are no rows, so no file was made."
    title = _heading(form, data.title)
    name = safe(form.name or data.stem, form.format)
    chart = _chart(form, plan, table, title)
    about = About(title, [*_facts(task, data), *facts_of(plan)], form.dates)
    write = _writer(form, about, chart)
    with task.files.new(name, MEDIA_TYPES[form.format]) as path:
        write(table, path, clock.progress(table.rows))
    clock.keep(table.rows)
    task.files.keep_preview(name, asdict(preview.first_rows(table, form.dates)))
    if chart:
        task.files.keep_chart(chart.as_json())
    for note in table.notes:
        task.log(note)
    outcome = f"{name}: {rows}"
    if not form.mail_to:
        return outcome
    delivery_outcome = mail.hand_over(form, task, _file(task, name), title, rows)
    return delivery_outcome if delivery_outcome.startswith(mail.READY) else f"{outcome}. {delivery_outcome}"


def _table(form: ReportForm, task: TaskContext, plan: Plan, ref: "Ref") -> "Normalised":
    from webapp.reports.reading import sources
    from webapp.reports.shaping import shape
    from webapp.reports.writing.normalise import normalise

    def report_rows(rows: int) -> None:
        task.progress(0, None, f"read {rows:,} rows")

    if form.format in FOR_PROGRAMS and plan.is_grouped:
        plan = Plan(**{**plan.__dict__, "total_row": False})
    columns = shape.needed(plan, sources.opened(ref).schema.names)
    # Only Excel has limits of its own; the other file types hold every type that the allow-list keeps.
    target: Target = "xlsx" if form.format == "xlsx" else "csv"
    return normalise(shape.shaped(sources.opened(ref, columns), plan, report_rows), target, report_rows)


def _chart(form: ReportForm, plan: Plan, table: "Normalised", title: str) -> "Chart | None":
    if not form.chart:
        return None
    from webapp.reports.writing.charts import chart_of

    return chart_of(table, form.chart, title, len(plan.group_by), alike=_alike(plan))


def _alike(plan: Plan) -> int | None:
    """Returns how many columns after the keys may share one axis: totals and averages may not. None: all."""
    if not plan.is_grouped or plan.across or not plan.works:
        return None
    return next((n for n, work in enumerate(plan.works) if work.how != plan.works[0].how), None)


def _writer(form: ReportForm, about: About, chart: "Chart | None") -> "Writer":
    if form.format == "xlsx":
        from webapp.reports.writing import excel

        return partial(excel.write, about=about, chart=chart)
    if form.format == "pdf":
        from webapp.reports.writing import pdf

        return partial(pdf.write, about=about, chart=chart)
    from webapp.reports.writing import csv, jsonlines, parquet

    if form.format == "csv":
        delimiter = "\t" if form.csv_delimiter == "tab" else form.csv_delimiter
        return partial(csv.write, dialect=csv.Dialect(delimiter, form.csv_decimal, form.csv_mark))
    return parquet.write if form.format == "parquet" else jsonlines.write


def _facts(task: TaskContext, data: DataSummary) -> list[tuple[str, str]]:
    existing = now().astimezone(task.owner.zone)
    rows = f", {data.rows:,} rows" if data.rows is not None else ""
    when = f"{existing.day} {existing:%b %Y, %H:%M} ({task.owner.zone.key})"
    return [("Made", when), ("By", task.owner.name or task.owner.email), ("Data", f"{data.title}{rows}")]


def _heading(form: ReportForm, title: str) -> str:
    return form.name.rpartition(".")[0] or form.name or title


def _counted(table: "Normalised") -> str:
    count = table.rows - table.has_total
    return f"{count:,} {'row' if count == 1 else 'rows'}"


def _file(task: TaskContext, name: str) -> Attachment:
    return next(one for one in task.files.made() if one.name == name)


def _title(form: ReportForm) -> str:
    # The id of an upload means nothing to people.
    return f"Report: {form.name or form.data}" if form.name or form.data in samples.TITLES else "Report from a file"


def _title_at(form: ReportForm, form_context: FormContext) -> str:
    if form.name or form.data in samples.TITLES:
        return _title(form)
    try:
        return f"Report: {report_data.known(form, form_context).title}"
    except (FormErrors, NotFound):
        return _title(form)


KIND = Kind(
    name="report",
    title="Make a report",
    about="Excel, PDF or CSV from your own file, a saved query or a sample.",
    verb="Make report",
    icon="report",
    form=ReportForm,
    run=run,
    title_of=_title,
    title_at=_title_at,
    queue=lambda form: "reports",
    check=check,
    expand=mail.expand,
    in_child=True,
    noun="emails",
    example={"form": {"data": "sales", "columns": ["Region", "Amount"], "format": "xlsx"}},
)
