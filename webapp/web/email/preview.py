"""The preview beside the form of an email: how it will look to any one recipient, while it is written."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp.errors import NotFound, UserError
from webapp.installation import Installation
from webapp.kinds.email.form import LONGEST_BODY, LONGEST_SUBJECT, EmailForm
from webapp.kinds.email.recipients import look_up, require_column
from webapp.kinds.fields import require_short
from webapp.mail import formats
from webapp.mail.lists import ListRow, Reading, RowSelector
from webapp.mail.preview import Draft, Preview, preview
from webapp.mail.recipients import read_addresses
from webapp.ports.people import Person
from webapp.ports.values import digits
from webapp.web.forms.reading import Filled
from webapp.web.http.deps import SignedIn, TheInstallation
from webapp.web.http.formatting import plural
from webapp.web.http.multipart import FormData, Posted
from webapp.web.http.params import search
from webapp.web.http.render import fragment

router = APIRouter(prefix="/new/email", include_in_schema=False)

EMPTY = "Write a subject and a message: they are shown here as they will arrive."
NOBODY = "Nobody in the list matches “{}”."
LONGEST_ROW = 8  # digits
LONGEST_READ = 20_000  # characters of addresses
GONE = "This list cannot be read any more. Choose it again."
FIRST = RowSelector()
Raw = Mapping[str, Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class EmailPreview:
    """The message to one recipient, or why there is none; `row` counts as in a spreadsheet, 0 without a list."""

    preview: Preview | None = None
    message: str = ""
    row: int = 0
    search: str = ""


@router.post("/preview")
def show(request: Request, person: SignedIn, installation: TheInstallation, posted: Posted) -> Response:
    """Shows the message as it is written so far; errors of the form are shown when it is sent."""
    filled: Filled[Any] = Filled(None, {}, {name: posted.all(name) for name in EmailForm.model_fields})
    who = posted.read("who", search).strip()
    selector = RowSelector(row=row_of(posted), is_before=posted.one("step") == "back", search=who.casefold())
    view = pane(installation, person, filled, selector, who)
    return fragment(request, "email/form/_preview.html", pane=view)


def pane(
    installation: Installation,
    person: Person,
    filled: Filled[Any],
    selector: RowSelector = FIRST,
    search: str = "",
) -> EmailPreview:
    """Returns the preview of a form as it was typed, complete or not; `search` is what was typed to find a row."""
    raw = filled.raw
    subject = " ".join("".join(c if c.isprintable() else " " for c in _last(raw, "subject")).split())
    body, chosen = _last(raw, "body"), _last(raw, "recipients")
    if not subject and not body.strip():
        return EmailPreview(message=EMPTY)
    try:
        require_short("subject", subject, LONGEST_SUBJECT)
        require_short("message", body, LONGEST_BODY)
    except ValueError as error:
        return EmailPreview(message=str(error))
    try:
        row = _row(installation, person, raw, selector)
        route = installation.mail.route(_last(raw, "server"))
    except (NotFound, UserError):
        return EmailPreview(message=GONE)
    if row is None:
        message = NOBODY.format(search) if search else "Nobody would get this email."
        return EmailPreview(message=message, search=search)
    draft = Draft(subject=subject, body=body, sender=route.sender, has_unsubscribe_link=_has_unsubscribe_link(raw))
    return EmailPreview(preview=preview(draft, row.to, row.values), row=row.row if chosen else 0, search=search)


def name_of_list(installation: Installation, person: Person, filled: Filled[Any]) -> str:
    """Returns “clients.xlsx, sheet Clients: 300 rows”, or an empty string if no list is chosen."""
    try:
        table = installation.form_context(person).table(_last(filled.raw, "recipients"))
    except NotFound:
        return ""
    sheet = f", sheet {table.schema.sheet}" if table.schema.sheet else ""
    return f"{table.name}{sheet}: {plural(table.schema.rows, 'row')}"


def _row(installation: Installation, person: Person, raw: Raw, selector: RowSelector) -> ListRow | None:
    if not (chosen := _last(raw, "recipients")):
        return ListRow(row=0, to=(_addresses(raw) or [person.email])[0], key="")
    table = installation.form_context(person).table(chosen)
    column = require_column([one.name for one in table.schema.columns], _last(raw, "address_column"))
    reading = Reading(column=column, formats=formats.read(raw.get("formats", ())))
    return look_up(table, reading, selector)


def _has_unsubscribe_link(raw: Raw) -> bool:
    choice = _last(raw, "unsubscribe")
    if _last(raw, "recipients"):
        return choice != "never"
    return choice == "several" and len(_addresses(raw)) > 1


def _addresses(raw: Raw) -> list[str]:
    """Returns the addresses typed so far, at least the first ones; none while the last one is incomplete."""
    text = "\n".join(raw.get("to", ()))
    if len(text) > LONGEST_READ:
        text = "".join(re.split(r"([,;\s])", text[:LONGEST_READ])[:-1])
    try:
        return read_addresses(text)
    except ValueError:
        return []


def _last(raw: Raw, name: str) -> str:
    values = raw.get(name) or [""]
    return values[-1]


def row_of(posted: FormData) -> int:
    """Returns the row of the list that is looked at; the first if none is named."""
    return digits(posted.one("row"), LONGEST_ROW) or 1
