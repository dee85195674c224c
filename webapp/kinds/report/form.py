"""The form of a report: its data, its columns and rows, and the file."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from webapp.kinds.email.form import Addresses
from webapp.kinds.fields import one_line, text
from webapp.kinds.report.rows import FilterLines, NameLines, QueryValues, SortLines, WorkLines
from webapp.ports.forms import TaskForm
from webapp.reports import samples, task_log_source
from webapp.reports.shaping.plan import HOWS, TESTS

FORMATS = {"xlsx": "Excel", "csv": "CSV", "pdf": "PDF", "parquet": "Parquet", "jsonl": "JSON lines"}
FORMAT_HINTS = {"pdf": "To read and to print", "parquet": "For other programs", "jsonl": "For other programs"}
DELIMITERS = {",": "comma", ";": "semicolon", "tab": "tab", "|": "bar"}
DATES = {"iso": "2026-11-03", "day": "03.11.2026", "slash": "03/11/2026", "us": "11/03/2026", "words": "3 Nov 2026"}
CHARTS = {"": "None", "bar": "Bars", "stacked": "Stacked bars", "line": "Lines", "pie": "Pie"}
ORDERS = {"up": "A to Z, small to large", "down": "Z to A, large to small"}


def _once(columns: Any) -> Any:
    """Removes repeated columns and keeps their order; what is no name is refused by the field."""
    if not isinstance(columns, list) or not all(isinstance(one, str) for one in columns):
        return columns
    return list(dict.fromkeys(columns))


class ReportForm(TaskForm):
    """What goes into the file, and the name of the file."""

    data: Annotated[str, text("data", 200, "Choose a file or a sample.")] = Field(
        title="Data",
        description="Your own file, a saved query, or one of the samples.",
        json_schema_extra={
            "widget": "data",
            "samples": {**samples.TITLES, **task_log_source.TITLES},
            "sample_columns": {
                **{name: {**samples.types(name)} for name in samples.TITLES},
                **{name: {**kinds} for name, kinds in task_log_source.KINDS.items()},
            },
        },
    )
    values: QueryValues = Field(
        {}, title="Values of the query", json_schema_extra={"widget": "lines", "parts": ["name", "value"]}
    )
    columns: Annotated[list[str], BeforeValidator(_once)] = Field(
        default_factory=list,
        title="Columns",
        description="All of them, unless you choose.",
        max_length=16_384,
        json_schema_extra={"widget": "columns"},
    )
    names: NameLines = Field(
        [], title="Other names for columns", json_schema_extra={"widget": "lines", "parts": ["column", "title"]}
    )
    filters: FilterLines = Field(
        [],
        title="Only rows where",
        json_schema_extra={
            "widget": "lines",
            "parts": ["column", "test", "value"],
            "tests": {str(test): label for test, label in TESTS.items()},
        },
    )
    group_by: Annotated[list[str], BeforeValidator(_once), Field(max_length=10)] = Field(
        [], title="One row for each", json_schema_extra={"widget": "picks"}
    )
    across: Annotated[str, Field(max_length=400)] = Field(
        "",
        title="And one column for each",
        description="Makes a cross table of rows and columns.",
        json_schema_extra={"widget": "pick"},
    )
    sums: WorkLines = Field(
        [],
        title="Work out",
        json_schema_extra={
            "widget": "lines",
            "parts": ["column", "how"],
            "hows": {str(how): label for how, label in HOWS.items()},
        },
    )
    total_row: bool = Field(False, title="Total row")
    sort: SortLines = Field(
        [],
        title="Sort by",
        json_schema_extra={"widget": "lines", "parts": ["column", "direction"], "orders": {**ORDERS}},
    )
    top: int | None = Field(
        None,
        title="Only the first rows",
        description="The number of rows, after sorting. Empty: all.",
        ge=1,
        le=10_000_000,
    )
    format: Literal["xlsx", "csv", "pdf", "parquet", "jsonl"] = Field(
        "xlsx", title="File type", json_schema_extra={"choices": {**FORMATS}, "hints": {**FORMAT_HINTS}}
    )
    chart: Literal["", "bar", "stacked", "line", "pie"] = Field(
        "",
        title="Chart",
        description="In Excel and PDF files and on the page of the task.",
        json_schema_extra={"choices": {**CHARTS}},
    )
    dates: Literal["iso", "day", "slash", "us", "words"] = Field(
        "iso",
        title="Dates",
        description="As Excel and PDF files show them.",
        json_schema_extra={"choices": {**DATES}},
    )
    csv_delimiter: Literal[",", ";", "tab", "|"] = Field(
        ",", title="Between two cells", json_schema_extra={"choices": {**DELIMITERS}}
    )
    csv_decimal: Literal[".", ","] = Field(
        ".", title="Decimal sign", json_schema_extra={"choices": {".": "point: 1240.5", ",": "comma: 1240,5"}}
    )
    csv_mark: bool = Field(False, title="With a byte order mark, for old versions of Excel")
    name: Annotated[str, one_line("file name", 200)] = Field(
        "", title="File name", description="Empty: the name of the data."
    )
    skip_empty: bool = Field(False, title="Make no file when there are no rows")
    mail_to: Addresses = Field(
        [],
        title="Email it when ready to",
        description="One address or several. Empty: no email.",
        json_schema_extra={"widget": "addresses", "rows": 2},
    )
    mail_as: Literal["file", "link"] = Field(
        "file",
        title="Emailed as",
        json_schema_extra={"choices": {"file": "The file itself", "link": "A link, for those who can sign in"}},
    )
