"""The preview beside the form of an email: how it will look to any one of those who get it, while it is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp.errors import NotFound, UserError
from webapp.installation import Installation
from webapp.kinds.email.form import EmailForm
from webapp.kinds.email.recipients import look_up, require_column
from webapp.mail import formats, lists
from webapp.mail.preview import Draft, Preview, preview
from webapp.mail.recipients import read_addresses
from webapp.ports.people import Person
from webapp.ports.values import digits
from webapp.web.http.deps import SignedIn, TheInstallation
from webapp.web.http.formatting import plural
from webapp.web.http.multipart import FormData, Posted
from webapp.web.http.params import search
from webapp.web.http.render import fragment

router = APIRouter(prefix="/new/email", include_in_schema=False)

EMPTY = "Write a subject and a message: they are shown here as they will arrive."
NOBODY = "Nobody in the list matches “{}”."
LONGEST_ROW = 8  # digits
GONE = "This list cannot be read any more. Choose it again."


@dataclass(frozen=True)
class EmailPreview:
    """What stands there: the message to one person, or words where there is none. `row` as a spreadsheet counts."""

    shown: Preview | None = None
    words: str = ""
    row: int = 0  # 0: there is no list to go through
    who: str = ""


@router.post("/preview")
def show(request: Request, person: SignedIn, installation: TheInstallation, posted: Posted) -> Response:
    """The message as it is written so far; what is wrong with the form is said when it is sent."""
    raw = {name: posted.all(name) for name in EmailForm.model_fields}
    who = posted.read("who", search).strip()
    wanted = lists.Wanted(row_of(posted), posted.one("step") == "back", who.casefold())
    return fragment(request, "email/form/_preview.html", pane=pane(installation, person, raw, wanted, who))


def pane(
    installation: Installation,
    person: Person,
    raw: Mapping[str, Sequence[str]],
    wanted: lists.Wanted | None = None,
    who: str = "",
) -> EmailPreview:
    """The preview of a form as it was typed, whole or not."""
    subject = " ".join("".join(c if c.isprintable() else " " for c in _last(raw, "subject")).split())
    body, chosen = _last(raw, "body"), _last(raw, "recipients")
    if not subject and not body.strip():
        return EmailPreview(words=EMPTY)
    try:
        entry = _entry(installation, person, raw, wanted or lists.Wanted())
        way = installation.mail.way(_last(raw, "server"))
    except (NotFound, UserError):
        return EmailPreview(words=GONE)
    if entry is None:
        return EmailPreview(words=NOBODY.format(who) if who else "Nobody would get this email.", who=who)
    has_link = _last(raw, "unsubscribe") != "never" if chosen else _last(raw, "unsubscribe") == "several"
    draft = Draft(subject, body, way.sender, has_link and (bool(chosen) or len(_addresses(raw)) > 1))
    return EmailPreview(preview(draft, entry.to, entry.values), row=entry.row if chosen else 0, who=who)


def name_of_list(installation: Installation, person: Person, raw: Mapping[str, Sequence[str]]) -> str:
    """“clients.xlsx, sheet Clients: 300 rows”; empty where no list is chosen."""
    try:
        table = installation.form_context(person).table(_last(raw, "recipients"))
    except NotFound:
        return ""
    sheet = f", sheet {table.understood.sheet}" if table.understood.sheet else ""
    return f"{table.name}{sheet}: {plural(table.understood.rows, 'row')}"


def _entry(
    installation: Installation, person: Person, raw: Mapping[str, Sequence[str]], wanted: lists.Wanted
) -> lists.ListRow | None:
    if not (chosen := _last(raw, "recipients")):
        to = (_addresses(raw) or [person.email])[0]
        return lists.ListRow(0, to, "", {})
    table = installation.form_context(person).table(chosen)
    column = require_column([one.name for one in table.understood.columns], _last(raw, "address_column"))
    return look_up(table, lists.Reading(column, formats=formats.read(raw.get("formats", ()))), wanted)


def _addresses(raw: Mapping[str, Sequence[str]]) -> list[str]:
    """Those that are typed so far; none while the last is only half there."""
    try:
        return read_addresses("\n".join(raw.get("to", ())))
    except ValueError:
        return []


def _last(raw: Mapping[str, Sequence[str]], name: str) -> str:
    values = raw.get(name) or [""]
    return values[-1]


def row_of(posted: FormData) -> int:
    """Returns the row of the list that is looked at; the first if none is named."""
    return digits(posted.one("row"), LONGEST_ROW) or 1
