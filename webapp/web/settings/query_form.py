"""What an admin typed for a saved query: drawn again as it was typed, read where it is to be kept."""

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


@dataclass(frozen=True)
class QueryForm:
    """The fields as texts; each line of `parameters` by its parts."""

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
    lines = [
        {
            "name": one.name, "title": one.title, "type": one.type, "choices": ", ".join(one.choices),
            "query": str(one.query or ""), "default": one.default, "optional": "on" if one.optional else "",
        }
        for one in query.parameters
    ]  # fmt: skip
    return QueryForm(query.id, query.name, str(query.source), query.text, query.everyone, query.people, lines)


def typed(posted: FormData) -> QueryForm:
    """Optional is a choice of its own in each line: a tick that is not set posts nothing, and lines would shift."""
    columns = [posted.all(f"parameters.{part}") for part in PARTS]
    lines = [dict(zip(PARTS, line, strict=True)) for line in zip(*columns, strict=False)]
    return QueryForm(
        posted.read("id", row_id), posted.one("name"), posted.one("source"), posted.one("text"),
        posted.one("everyone") == "on", posted.read_all("people", row_id), lines,
    )  # fmt: skip


def press(entry: QueryForm, intent: str) -> QueryForm | None:
    """A line more or less; None where this is no such button."""
    match = _PRESS.fullmatch(intent)
    if not match:
        return None
    lines = list(entry.parameters)
    if match[1] == "add":
        lines.append({**dict.fromkeys(PARTS, ""), "type": "text"})
        return replace(entry, parameters=lines, focus=len(lines) - 1)
    return replace(entry, parameters=[line for place, line in enumerate(lines) if place != int(match[2] or 0)])


def read(entry: QueryForm) -> SavedQueryRecord:
    """Fit to be kept, without its columns; UserError beside the field that is wrong."""
    name, source = read_name(entry.name), values.row_id(entry.source)
    if not source:
        raise UserError("Choose the database.", "source")
    if not entry.text.strip():
        raise UserError("Write the query: SELECT …", "text")
    if len(entry.text) > LONGEST:
        raise UserError(f"The query has more than {LONGEST:,} characters.", "text")
    require_reading(entry.text)
    parameters = [_parameter(line) for line in entry.parameters if any(line[part] for part in ("name", "title"))]
    names = [one.name for one in parameters]
    if len(set(names)) < len(names) or len(names) > MOST:
        raise UserError(f"Each value has a name of its own, and there are at most {MOST}.", "parameters")
    return SavedQueryRecord(entry.id, source, name, entry.text, parameters, (), entry.everyone, entry.people)


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
    return Parameter(name, title, kind, choices, query, default, line["optional"] == "on")
