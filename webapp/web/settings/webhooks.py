"""Settings → Hooks: addresses that other systems post to, to notify people; for admins. Each is shown once."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp.audit import trail
from webapp.audit.actions import AuditAction, Target, TargetKind
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


@dataclass(frozen=True, kw_only=True)
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
    """Shows the hooks and the form of a new one."""
    return _page(request, installation, person, WebhookForm())


@router.post("")
def add(request: Request, person: Admin, installation: TheInstallation, posted: Posted) -> Response:
    """Adds a hook and shows its address, only this once."""
    form = _typed(posted)
    try:
        hook = _checked(form, person, installation)
        with installation.write() as conn:
            secret = webhooks.add(conn, hook)
            trail.record(conn, AuditAction.ADD, Target(TargetKind.HOOK, "", hook.name), trail.changes({}, asdict(hook)))
    except UserError as error:
        errors = error.errors if isinstance(error, FormErrors) else {error.field or "name": error.message}
        return _page(request, installation, person, replace(form, errors=errors), status=422)
    made = (hook.name, f"{installation.address}/hooks/{secret}")
    return _page(request, installation, person, WebhookForm(), made=made)


@router.post("/{hook_id:id}/revoke")
def revoke(request: Request, hook_id: int, person: Admin, installation: TheInstallation) -> Response:
    """Deletes a hook; its address stops working at once."""
    with installation.write() as conn:
        name = webhooks.remove(conn, hook_id)
        trail.record(conn, AuditAction.REVOKE, Target(TargetKind.HOOK, hook_id, name))
    return flash.add(go(request, HERE), f"“{name}” is revoked.")


def _typed(posted: FormData) -> WebhookForm:
    return WebhookForm(
        name=posted.one("name"),
        channels=posted.all("channels"),
        people=posted.all("people"),
        priority=posted.one("priority"),
        title=posted.one("title").strip(),
        message=posted.one("message").replace("\r\n", "\n").strip() or template.PLAIN,
        per_minute=posted.one("per_minute").strip() or "30",
    )


def _checked(form: WebhookForm, person: Person, installation: Installation) -> IncomingWebhook:
    """Returns the hook, ready to be added; raises FormErrors with everything that is wrong."""
    channels, people = ([name for name, _ in known] for known in _choices(installation, person))
    wrong: dict[str, str] = {}
    if not {*form.channels, *form.people} or not {*form.channels} <= {*channels}:
        wrong["channels"] = "Choose a channel."
    if not {*form.people} <= {*people}:
        wrong["people"] = "Choose people."
    if form.priority not in PRIORITIES:
        wrong["priority"] = "Choose a priority."
    per_minute = 0
    try:
        per_minute = whole_number(form.per_minute, 1, MOST_PER_MINUTE)
    except ValueError as error:
        wrong["per_minute"] = str(error)
    for name, text in (("title", form.title), ("message", form.message)):
        if len(text) > LONGEST:
            wrong[name] = f"At most {LONGEST:,} letters are possible."
        try:
            template.check(text, name)
        except UserError as error:
            wrong[name] = error.message
    if wrong:
        raise FormErrors(wrong)
    return IncomingWebhook(
        name=form.name,
        channels=form.channels,
        people=form.people,
        priority=form.priority,
        title=form.title,
        message=form.message,
        per_minute=per_minute,
        owner=person.id,
    )


def _choices(installation: Installation, person: Person) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    form_context = installation.form_context(person)
    channels = [*((one.id, one.name) for one in form_context.channels()), *BUILT_IN.items()]
    return channels, [*AUDIENCES.items(), *((str(one.id), one.name or one.email) for one in form_context.colleagues())]


def _names(chosen: Sequence[str], known: Sequence[tuple[str, str]]) -> list[str]:
    return [dict(known).get(one, "one that is removed") for one in chosen]


def _page(
    request: Request,
    installation: Installation,
    person: Person,
    form: WebhookForm,
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
        status_message=flash.read(request).message,
        hooks=[(one, _names(one.channels, channels) + _names(one.people, people)) for one in known],
        form=form,
        made=made,
        channels=channels,
        people=people,
        priorities=list(PRIORITIES.items()),
        labels=LABELS,
    )
