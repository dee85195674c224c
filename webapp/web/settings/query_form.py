"""The form of a saved query: shown again as it was typed, and read when it is saved."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from webapp.connections.saved_queries import SavedQueryRecord
from webapp.errors import UserError
from webapp.ports.tables import Parameter
from webapp.reports.reading.sql import require_reading
from webapp.web.http.multipart import FormData

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
    people: Sequence[str] = ()
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
        people=[str(person) for person in query.people],
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
        id=_number(posted.one("id")),
        name=posted.one("name"),
        source=posted.one("source"),
        text=posted.one("text"),
        everyone=posted.one("everyone") == "on",
        people=posted.all("people"),
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
    name = " ".join(form.name.split())
    if not name or len(name) > 100 or not name.isprintable():
        raise UserError("Give it a name of at most 100 characters.", "name")
    if not _number(form.source):
        raise UserError("Choose the database.", "source")
    if not form.text.strip():
        raise UserError("Write the query: SELECT …", "text")
    if len(form.text) > 50_000 or "\0" in form.text:
        raise UserError("The query has more than 50,000 characters, or one that cannot be stored.", "text")
    require_reading(form.text)
    parameters = [_parameter(line) for line in form.parameters if any(line[part] for part in ("name", "title"))]
    names = [one.name for one in parameters]
    if len(set(names)) < len(names) or len(names) > MOST:
        raise UserError(f"Each value has a name of its own, and there are at most {MOST}.", "parameters")
    people = [int(one) for one in form.people if one.isdecimal() and len(one) < 19]
    return SavedQueryRecord(
        id=form.id,
        source=_number(form.source),
        name=name,
        text=form.text,
        parameters=parameters,
        everyone=form.everyone,
        people=people,
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
    query = _number(line["query"]) if kind == "choice" else 0
    return Parameter(
        name=name,
        title=line["title"].strip()[:100],
        type=kind,
        choices=choices,
        query=query,
        default=line["default"].strip()[:1_000],
        optional=line["optional"] == "on",
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0
