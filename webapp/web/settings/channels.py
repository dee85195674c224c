"""Settings → Channels: where notifications can go; for admins. A URL is never shown again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from webapp import sandbox
from webapp.accounts import people
from webapp.audit import trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.connections import channels
from webapp.connections.channels import ChannelRecord
from webapp.crypto import SecretBox
from webapp.errors import NotFound, UserError
from webapp.installation import Installation
from webapp.notify import connection_test
from webapp.notify.services import SERVICES, url_of
from webapp.ports.channels import ChannelLimits
from webapp.ports.deliveries import Reply
from webapp.web.http import flash
from webapp.web.http.deps import Admin, TheInstallation
from webapp.web.http.multipart import FormData, Posted
from webapp.web.http.params import RowId, Text, row_id
from webapp.web.http.render import go, page

router = APIRouter(prefix="/settings/channels", include_in_schema=False)

HERE = "/settings/channels"
SECONDS = 40.0
DONE = {"pause": "is paused", "resume": "goes on", "remove": "is removed"}
ACTIONS = {"pause": AuditAction.PAUSE, "resume": AuditAction.RESUME, "remove": AuditAction.REMOVE}
LABELS = {"name": "Name", "service": "Service", "people": "Who uses it"}


@dataclass(frozen=True, kw_only=True)
class ChannelForm:
    """A channel as it is typed in; `typed` holds the fields of its service, secrets of this request only."""

    id: int = 0
    service: str = ""
    name: str = ""
    internal: bool = False
    everyone: bool = True
    people: Sequence[int] = ()
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    stored_service: str = ""  # of the stored channel
    helper: str = ""  # the form in which its URL was entered

    @property
    def fields(self) -> Sequence[Any]:
        return SERVICES[self.service].fields if self.service in SERVICES else ()

    def encrypted(self, box: SecretBox) -> str:
        """Returns the secret fields, encrypted, so that the page can post them again without showing them."""
        hidden = {one.name: self.typed[one.name] for one in self.fields if one.secret and self.typed.get(one.name)}
        return box.encrypt(json.dumps([self.service, hidden])) if hidden else ""


@router.get("")
def index(
    request: Request, person: Admin, installation: TheInstallation, service: Text = "", channel: RowId = 0
) -> Response:
    """Shows the channels, and the form of a new one or of the one that is being changed."""
    service = service if service in SERVICES else ""
    if not channel:
        return _page(request, installation, ChannelForm(service=service))
    with installation.read() as conn:
        known = channels.one(conn, channel)
    form = ChannelForm(
        id=known.id,
        service=service,
        name=known.name,
        internal=known.internal,
        everyone=known.everyone,
        people=known.people,
        stored_service=known.service,
        helper=known.helper,
    )
    return _page(request, installation, form)


@router.post("")
def save(request: Request, person: Admin, installation: TheInstallation, posted: Posted) -> Response:
    """Tests the channel, or saves it."""
    form = _typed(installation, posted)
    try:
        url, service, limits = _url(form)
        if posted.one("intent") == "test":
            reply = _try(url or _stored_url(installation, form.id), internal=form.internal)
            _record_test(installation, form.id, form.name, reply)
            return _page(request, installation, form, reply=reply)
        channel = ChannelRecord(
            id=form.id,
            name=form.name,
            service=service,
            internal=form.internal,
            everyone=form.everyone,
            people=form.people,
            helper=form.service,
            takes=limits,
        )
        with installation.write() as conn:
            before = channels.one(conn, form.id) if form.id else None
            if before:
                channel = replace(channel, paused=before.paused)
            channel_id = channels.save(conn, installation.secrets, channel, url)
            _record(conn, before, channels.one(conn, channel_id), is_new_url=bool(url))
    except UserError as error:
        refused = replace(form, errors={error.field or "name": error.message})
        return _page(request, installation, refused, status=422)
    return flash.add(go(request, HERE), f"“{' '.join(form.name.split())}” is kept.")


@router.post("/{channel_id:id}/{act}")
def act(request: Request, channel_id: int, act: Text, person: Admin, installation: TheInstallation) -> Response:
    """Pauses, resumes, tests or removes a channel."""
    with installation.read() as conn:
        known = channels.one(conn, channel_id)
    if act == "test":
        reply = _try(_stored_url(installation, channel_id), internal=known.internal)
        _record_test(installation, channel_id, known.name, reply)
        return flash.add(go(request, HERE), f"{known.name}: {reply.words}")
    if act not in DONE:
        raise NotFound("There is nothing like that to do with a channel.")
    with installation.write() as conn:
        if act == "remove":
            channels.remove(conn, channel_id)
        else:
            channels.pause(conn, channel_id, paused=act == "pause")
        trail.record(conn, ACTIONS[act], Target(TargetKind.CHANNEL, channel_id, known.name))
    return flash.add(go(request, HERE), f"“{known.name}” {DONE[act]}.")


def _record(conn: Connection, before: ChannelRecord | None, after: ChannelRecord, *, is_new_url: bool) -> None:
    details = trail.changes(asdict(before) if before else {}, asdict(after))
    if is_new_url:
        details = f"{details}\nurl: {trail.MASK}".strip()
    action = AuditAction.CHANGE if before else AuditAction.ADD
    trail.record(conn, action, Target(TargetKind.CHANNEL, after.id, after.name), details)


def _record_test(installation: Installation, channel_id: int, name: str, reply: Reply) -> None:
    with installation.write() as conn:
        trail.record(conn, AuditAction.TEST, Target(TargetKind.CHANNEL, channel_id or "", name), reply.words)


def _typed(installation: Installation, posted: FormData) -> ChannelForm:
    service = posted.one("service")
    names = [one.name for one in SERVICES[service].fields] if service in SERVICES else []
    secrets = _secrets(installation, posted.one("kept"), service)
    return ChannelForm(
        id=posted.read("id", row_id),
        service=service,
        name=posted.one("name"),
        internal=posted.one("internal") == "on",
        everyone=posted.one("everyone") == "on",
        people=posted.read_all("people", row_id),
        typed={name: posted.one(f"field.{name}") or secrets.get(name, "") for name in names},
    )


def _secrets(installation: Installation, encrypted: str, service: str) -> dict[str, str]:
    """Returns the secret fields of the previous request, if they were typed for the same service."""
    try:
        of, hidden = json.loads(installation.secrets.decrypt(encrypted) or "[0, 0]")
    except (UserError, ValueError):
        return {}
    return hidden if of == service else {}


def _url(form: ChannelForm) -> tuple[str, str, ChannelLimits]:
    """Returns the URL, the name of its service and its limits; an empty URL if the stored one stays."""
    if form.id and not any(value.strip() for value in form.typed.values()):
        return "", form.stored_service, ChannelLimits()
    url = url_of(form.service, form.typed)
    name, limits = sandbox.call(connection_test.describe, url, seconds=SECONDS, memory_mb=512, what="The address")
    return url, SERVICES[form.service].name if form.service != "other" else name, limits


def _stored_url(installation: Installation, channel_id: int) -> str:
    with installation.read() as conn:
        return channels.url_of(conn, installation.secrets, channel_id)


def _try(url: str, *, internal: bool) -> Reply:
    return sandbox.call(
        connection_test.send_test, url, internal, seconds=SECONDS, memory_mb=512, uses_network=True, what="The test"
    )


def _page(
    request: Request, installation: Installation, form: ChannelForm, *, reply: Reply | None = None, status: int = 200
) -> Response:
    with installation.read() as conn:
        known, members = channels.listing(conn), people.listing(conn, installation.settings)
    staff = [(one.person.id, one.person.name or one.person.email) for one in members if not one.person.is_admin]
    return page(
        request,
        "settings/channels/index.html",
        status=status,
        status_message=flash.read(request).message,
        channels=known,
        form=form,
        kept=form.encrypted(installation.secrets),
        reply=reply,
        staff=staff,
        services=[(key, one.name) for key, one in SERVICES.items()],
        labels={**LABELS, **{one.name: one.label for one in form.fields}},
    )
