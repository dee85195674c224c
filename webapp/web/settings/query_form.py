"""What an admin typed for a saved query: drawn again as it was typed, read where it is to be kept."""

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


@dataclass(frozen=True)
class QueryForm:
    """The fields as texts; each line of `parameters` by its parts."""

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
    lines = [
        {
            "name": one.name, "title": one.title, "type": one.type, "choices": ", ".join(one.choices),
            "query": str(one.query or ""), "default": one.default, "optional": "on" if one.optional else "",
        }
        for one in query.parameters
    ]  # fmt: skip
    people = [str(person) for person in query.people]
    return QueryForm(query.id, query.name, str(query.source), query.text, query.everyone, people, lines)


def typed(posted: FormData) -> QueryForm:
    """Optional is a choice of its own in each line: a tick that is not set posts nothing, and lines would shift."""
    columns = [posted.all(f"parameters.{part}") for part in PARTS]
    lines = [dict(zip(PARTS, line, strict=True)) for line in zip(*columns, strict=False)]
    return QueryForm(
        _number(posted.one("id")), posted.one("name"), posted.one("source"), posted.one("text"),
        posted.one("everyone") == "on", posted.all("people"), lines,
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
    name = " ".join(entry.name.split())
    if not name or len(name) > 100 or not name.isprintable():
        raise UserError("Give it a name of at most 100 characters.", "name")
    if not _number(entry.source):
        raise UserError("Choose the database.", "source")
    if not entry.text.strip():
        raise UserError("Write the query: SELECT …", "text")
    if len(entry.text) > 50_000 or "\0" in entry.text:
        raise UserError("The query has more than 50,000 characters, or one that cannot be stored.", "text")
    require_reading(entry.text)
    parameters = [_parameter(line) for line in entry.parameters if any(line[part] for part in ("name", "title"))]
    names = [one.name for one in parameters]
    if len(set(names)) < len(names) or len(names) > MOST:
        raise UserError(f"Each value has a name of its own, and there are at most {MOST}.", "parameters")
    people = [int(one) for one in entry.people if one.isdecimal() and len(one) < 19]
    return SavedQueryRecord(entry.id, _number(entry.source), name, entry.text, parameters, (), entry.everyone, people)


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
    title = line["title"].strip()[:100]
    return Parameter(name, title, kind, choices, query, line["default"].strip()[:1_000], line["optional"] == "on")


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0
