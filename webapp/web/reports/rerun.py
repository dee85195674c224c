"""A report run again: the same data, data that are gone, and columns that have another name by now."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from webapp.db import schema
from webapp.files import uploads
from webapp.installation import Installation
from webapp.ports.people import Person
from webapp.web.forms.reading import line_of
from webapp.web.http.multipart import FormData

# Where a form names columns of its data: plain fields, and parts of lines.
FIELDS = ("columns", "group_by", "across")
LINES = ("filters", "sums", "sort", "names")
LEAVE_OUT = "-"
u, t, s = schema.upload, schema.task, schema.saved_list


def missing(raw: Mapping[str, Sequence[str]], known: Sequence[str], outcome: Sequence[str]) -> list[str]:
    """The columns that a form names and its data do not have; what only the report has is none of them."""
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
    """Puts the columns that were chosen in the place of those that are missing."""
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
    """When this person last made a report of the very same bytes; None where that never was."""
    with installation.read() as conn:
        mine = (t.c.owner == person.id, t.c.kind == "report")
        recent = conn.execute(select(t.c.form, t.c.created).where(*mine).order_by(t.c.id.desc()).limit(200)).all()
        if data_id.startswith(uploads.SAVED):
            number = data_id.removeprefix(uploads.SAVED)
            updated = conn.execute(select(s.c.updated).where(s.c.id == int(number or 0))).scalar()
            same = [
                row.created for row in recent if row.form.get("data") == data_id and updated and row.created > updated
            ]
            return same[0] if same else None
        sha = conn.execute(select(u.c.sha256).where(u.c.id == data_id, u.c.owner == person.id)).scalar()
        if sha is None:
            return None
        alike = set(conn.execute(select(u.c.id).where(u.c.owner == person.id, u.c.sha256 == sha)).scalars())
        return next((row.created for row in recent if row.form.get("data") in alike), None)
