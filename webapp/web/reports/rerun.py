"""A report that is run again: whether its data is the same, and columns that are gone or renamed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from webapp.files import saved_tables, uploads
from webapp.installation import Installation
from webapp.kinds.report.kind import KIND as REPORT
from webapp.ports.people import Person
from webapp.ports.values import row_id
from webapp.tasks.views.past_runs import last_with
from webapp.web.forms.reading import line_of
from webapp.web.http.multipart import FormData

# Where a form names columns of its data: plain fields, and parts of lines.
FIELDS = ("columns", "group_by", "across")
LINES = ("filters", "sums", "sort", "names")
LEAVE_OUT = "-"


def missing(raw: Mapping[str, Sequence[str]], known: Sequence[str], outcome: Sequence[str]) -> list[str]:
    """Returns the columns that a form names and its data does not have; `outcome` are the columns of the report."""
    if not known:
        return []
    named = [name for field in FIELDS for name in raw.get(field, ()) if name]
    for field in LINES:
        for line in raw.get(field, ()):
            column = str(line_of(line).get("column", ""))
            if column and (field not in ("sort", "names") or column not in outcome):
                named.append(column)
    folded = {name.casefold() for name in known}
    return [name for name in dict.fromkeys(named) if name != "*" and name.casefold() not in folded]


def rename(posted: FormData) -> None:
    """Replaces missing columns in what was posted by those that were chosen for them."""
    pairs = zip(posted.all("moved.from"), posted.all("moved.to"), strict=False)
    moved = {before: now for before, now in pairs if now}
    if not moved:
        return
    for name in (*FIELDS, *(f"{field}.column" for field in LINES)):
        if name in posted.values:
            renamed = [moved.get(value, value) for value in posted.values[name]]
            # A line keeps its place, so that its other parts stay beside it; without a column it counts as nothing.
            if name in FIELDS:
                posted.values[name] = [value for value in renamed if value != LEAVE_OUT]
            else:
                posted.values[name] = ["" if value == LEAVE_OUT else value for value in renamed]
    left_out = {before for before, now in moved.items() if now == LEAVE_OUT}
    if left_out and "filters.value" in posted.values:
        columns = posted.values.get("filters.column", [])
        values = posted.values["filters.value"]
        posted.values["filters.value"] = [
            "" if not column else value for column, value in zip(columns, values, strict=False)
        ]


def used_before(installation: Installation, person: Person, data_id: str) -> datetime | None:
    """Returns when this person last made a report of exactly this data, or None if never."""
    number = row_id(data_id, uploads.SAVED)
    with installation.read() as conn:
        if not number:
            return last_with(conn, person, REPORT.name, "data", uploads.same_content(conn, data_id, person.id))
        made, updated = (
            last_with(conn, person, REPORT.name, "data", {data_id}),
            saved_tables.updated(conn, person, number),
        )
    return made if made and updated and made > updated else None
