"""The form of a saved query: shown again as it was typed, and read when it is saved."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from webapp.connections.saved_queries import SavedQueryRecord
from webapp.errors import UserError
from webapp.ports import values
from webapp.ports.names import LONGEST_NAME, read_name
from webapp.ports.tables import Parameter
from webapp.reports.reading.sql import require_reading
from webapp.web.http.multipart import FormData
from webapp.web.http.params import row_id

LABELS = {
    "name": "Name",
    "source": "Database",
    "text": "Query",
    "parameters": "Values to fill in",
    "people": "Who uses it",
}
TYPES = [("text", "text"), ("number", "number"), ("date", "date"), ("choice", "choice")]
PARTS = ("name", "title", "type", "choices", "query", "default", "optional")
MOST = 20  # values
LONGEST = 50_000  # characters of a query
LONGEST_DEFAULT = 1_000  # characters
TOO_LONG = f"The label of “{{}}” has at most {LONGEST_NAME} characters, what it begins with {LONGEST_DEFAULT:,}."
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_PRESS = re.compile(r"(add|remove)-parameters(?:-(\d{1,3}))?")


@dataclass(frozen=True, kw_only=True)
class QueryForm:
    """The fields as texts; each line of `parameters` has the PARTS."""

    id: int = 0
    name: str = ""
    source: str = ""
    text: str = ""
    everyone: bool = False
    people: Sequence[int] = ()
    parameters: Sequence[dict[str, str]] = ()
    errors: dict[str, str] = field(default_factory=dict)
    focus: int = -1  # the line that was just added


def of(query: SavedQueryRecord) -> QueryForm:
    """Returns the form of a stored query."""
    return QueryForm(
        id=query.id,
        name=query.name,
        source=str(query.source),
        text=query.text,
        everyone=query.everyone,
        people=query.people,
        parameters=[_line(parameter) for parameter in query.parameters],
    )


def _line(parameter: Parameter) -> dict[str, str]:
    return {
        "name": parameter.name,
        "title": parameter.title,
        "type": parameter.type,
        "choices": ", ".join(parameter.choices),
        "query": str(parameter.query or ""),
        "default": parameter.default,
        "optional": "on" if parameter.optional else "",
    }


def typed(posted: FormData) -> QueryForm:
    """Returns the form as it was posted."""
    # Each line has a select for “optional”: a checkbox that is not ticked posts nothing, and lines would shift.
    columns = [posted.all(f"parameters.{part}") for part in PARTS]
    return QueryForm(
        id=posted.read("id", row_id),
        name=posted.one("name"),
        source=posted.one("source"),
        text=posted.one("text"),
        everyone=posted.one("everyone") == "on",
        people=posted.read_all("people", row_id),
        parameters=[dict(zip(PARTS, line, strict=True)) for line in zip(*columns, strict=False)],
    )


def press(form: QueryForm, intent: str) -> QueryForm | None:
    """Returns the form with a line added or removed, or None if `intent` is no such button."""
    match = _PRESS.fullmatch(intent)
    if not match:
        return None
    lines = list(form.parameters)
    if match[1] == "add":
        lines.append({**dict.fromkeys(PARTS, ""), "type": "text"})
        return replace(form, parameters=lines, focus=len(lines) - 1)
    return replace(form, parameters=[line for index, line in enumerate(lines) if index != int(match[2] or 0)])


def read(form: QueryForm) -> SavedQueryRecord:
    """Returns the query, ready to be saved but for its columns; raises UserError beside the wrong field."""
    name, source = read_name(form.name), values.row_id(form.source)
    if not source:
        raise UserError("Choose the database.", "source")
    if not form.text.strip():
        raise UserError("Write the query: SELECT …", "text")
    if len(form.text) > LONGEST:
        raise UserError(f"The query has more than {LONGEST:,} characters.", "text")
    require_reading(form.text)
    parameters = [_parameter(line) for line in form.parameters if any(line[part] for part in ("name", "title"))]
    names = [one.name for one in parameters]
    if len(set(names)) < len(names) or len(names) > MOST:
        raise UserError(f"Each value has a name of its own, and there are at most {MOST}.", "parameters")
    return SavedQueryRecord(
        id=form.id,
        source=source,
        name=name,
        text=form.text,
        parameters=parameters,
        everyone=form.everyone,
        people=form.people,
    )


def _parameter(line: dict[str, str]) -> Parameter:
    name = line["name"].strip().removeprefix(":")
    if not _NAME.fullmatch(name):
        raise UserError(
            f"“{name}” is no name of a value. Letters, digits and _ make one, such as region.", "parameters"
        )
    choices = tuple(dict.fromkeys(one.strip() for one in line["choices"].split(",") if one.strip()))
    if line["type"] == "choice" and not choices and not line["query"]:
        raise UserError(f"Write the choices for “{name}”, or choose a query that finds them.", "parameters")
    kind = line["type"] if line["type"] in dict(TYPES) else "text"
    query = values.row_id(line["query"]) if kind == "choice" else 0
    title, default = line["title"].strip(), line["default"].strip()
    if len(title) > LONGEST_NAME or len(default) > LONGEST_DEFAULT:
        raise UserError(TOO_LONG.format(name), "parameters")
    return Parameter(
        name=name,
        title=title,
        type=kind,
        choices=choices,
        query=query,
        default=default,
        optional=line["optional"] == "on",
    )
