"""Settings → Hooks: addresses by which other systems notify people; for admins. Each is shown once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp.accounts import audit
from webapp.connections import webhooks
from webapp.connections.webhooks import MOST_PER_MINUTE, IncomingWebhook
from webapp.errors import FormErrors, UserError
from webapp.installation import Installation
from webapp.notify import template
from webapp.ports.channels import AUDIENCES, BUILT_IN, PRIORITIES
from webapp.ports.people import Person
from webapp.ports.values import whole_number
from webapp.web.http import flash
from webapp.web.http.deps import Admin, TheInstallation
from webapp.web.http.multipart import FormData, Posted
from webapp.web.http.render import go, page

router = APIRouter(prefix="/settings/hooks", include_in_schema=False)

HERE = "/settings/hooks"
LABELS = {
    "name": "Name",
    "channels": "Where",
    "people": "Into the inbox of",
    "priority": "Priority",
    "title": "Title",
    "message": "Message",
    "per_minute": "Calls a minute",
}
LONGEST = 2_000  # letters of a template


@dataclass(frozen=True)
class WebhookForm:
    """A hook as it is typed in."""

    name: str = ""
    channels: Sequence[str] = ()
    people: Sequence[str] = ()
    priority: str = "normal"
    title: str = ""
    message: str = template.PLAIN
    per_minute: str = "30"
    errors: Mapping[str, str] = field(default_factory=dict)


@router.get("")
def index(request: Request, person: Admin, installation: TheInstallation) -> Response:
    """The hooks, and the form of a new one."""
    return _page(request, installation, person, WebhookForm())


@router.post("")
def add(request: Request, person: Admin, installation: TheInstallation, posted: Posted) -> Response:
    """Makes a hook and shows its address, this once."""
    entry = _typed(posted)
    try:
        hook = _judged(entry, person, installation)
        with installation.write() as conn:
            secret = webhooks.add(conn, hook)
            audit.record(conn, person, "made the hook", hook.name)
    except UserError as error:
        errors = error.errors if isinstance(error, FormErrors) else {error.field or "name": error.words}
        refused = WebhookForm(**{**entry.__dict__, "errors": errors})
        return _page(request, installation, person, refused, status=422)
    return _page(
        request, installation, person, WebhookForm(), made=(hook.name, f"{installation.address}/hooks/{secret}")
    )


@router.post("/{hook_id:id}/revoke")
def revoke(request: Request, hook_id: int, person: Admin, installation: TheInstallation) -> Response:
    """Ends one at once."""
    with installation.write() as conn:
        name = webhooks.remove(conn, hook_id)
        audit.record(conn, person, "revoked the hook", name)
    return flash.say(go(request, HERE), f"“{name}” is revoked.")


def _typed(posted: FormData) -> WebhookForm:
    return WebhookForm(
        posted.one("name"),
        posted.all("channels"),
        posted.all("people"),
        posted.one("priority"),
        posted.one("title").strip(),
        posted.one("message").replace("\r\n", "\n").strip() or template.PLAIN,
        posted.one("per_minute").strip() or "30",
    )


def _judged(entry: WebhookForm, person: Person, installation: Installation) -> IncomingWebhook:
    """FormErrors for all that is wrong with it."""
    channels, people = ([name for name, _ in known] for known in _choices(installation, person))
    wrong: dict[str, str] = {}
    if not {*entry.channels, *entry.people} or not {*entry.channels} <= {*channels}:
        wrong["channels"] = "Choose a place."
    if not {*entry.people} <= {*people}:
        wrong["people"] = "Choose people."
    if entry.priority not in PRIORITIES:
        wrong["priority"] = "Choose a priority."
    per_minute = 0
    try:
        per_minute = whole_number(entry.per_minute, 1, MOST_PER_MINUTE)
    except ValueError as error:
        wrong["per_minute"] = str(error)
    for name, text in (("title", entry.title), ("message", entry.message)):
        if len(text) > LONGEST:
            wrong[name] = f"At most {LONGEST:,} letters are possible."
        try:
            template.check(text, name)
        except UserError as error:
            wrong[name] = error.words
    if wrong:
        raise FormErrors(wrong)
    return IncomingWebhook(
        0, entry.name, entry.channels, entry.people, entry.priority, entry.title, entry.message,
        per_minute, person.id,
    )  # fmt: skip


def _choices(installation: Installation, person: Person) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    form_context = installation.form_context(person)
    channels = [*((one.id, one.name) for one in form_context.channels()), *BUILT_IN.items()]
    return channels, [*AUDIENCES.items(), *((str(one.id), one.name or one.email) for one in form_context.colleagues())]


def _called(chosen: Sequence[str], known: Sequence[tuple[str, str]]) -> list[str]:
    return [dict(known).get(one, "one that is removed") for one in chosen]


def _page(
    request: Request,
    installation: Installation,
    person: Person,
    entry: WebhookForm,
    *,
    made: tuple[str, str] = ("", ""),
    status: int = 200,
) -> Response:
    channels, people = _choices(installation, person)
    with installation.read() as conn:
        known = webhooks.listing(conn)
    return page(
        request,
        "settings/channels/hooks.html",
        status=status,
        refused=status >= 400,
        said=flash.said(request).words,
        hooks=[(one, _called(one.channels, channels) + _called(one.people, people)) for one in known],
        entry=entry,
        made=made,
        channels=channels,
        people=people,
        priorities=list(PRIORITIES.items()),
        labels=LABELS,
    )
