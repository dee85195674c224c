"""Settings → Channels: the places that notifications go to; for admins. An address is never shown again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp import sandbox
from webapp.accounts import audit, people
from webapp.connections import channels
from webapp.connections.channels import ChannelRecord
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
LABELS = {"name": "Name", "service": "Service", "people": "Who uses it"}


@dataclass(frozen=True)
class ChannelForm:
    """A channel as it is typed in; of its address only what stands in the form of its service, and never twice."""

    id: int = 0
    service: str = ""
    name: str = ""
    internal: bool = False
    everyone: bool = True
    people: Sequence[int] = ()
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    shown: str = ""  # what the stored one is
    helper: str = ""  # with which form that was entered

    @property
    def fields(self) -> Sequence[Any]:
        return SERVICES[self.service].fields if self.service in SERVICES else ()

    def sealed(self, installation: Installation) -> str:
        """What was typed hidden, for the next press: no page shows it, encrypted it may stand there."""
        hidden = {one.name: self.typed[one.name] for one in self.fields if one.secret and self.typed.get(one.name)}
        return installation.secrets.close(json.dumps([self.service, hidden])) if hidden else ""


@router.get("")
def index(
    request: Request, person: Admin, installation: TheInstallation, service: Text = "", channel: RowId = 0
) -> Response:
    """The channels, and the form of a new one or of the one that is being changed."""
    if channel:
        with installation.read() as conn:
            known = channels.one(conn, channel)
        anew = service if service in SERVICES else ""
        entry = ChannelForm(known.id, anew, known.name, known.internal, known.everyone, known.people)
        return _page(request, installation, replace(entry, shown=known.service, helper=known.helper))
    return _page(request, installation, ChannelForm(service=service if service in SERVICES else ""))


@router.post("")
def save(request: Request, person: Admin, installation: TheInstallation, posted: Posted) -> Response:
    """Tries it where that is asked, and keeps it."""
    entry = _typed(installation, posted)
    try:
        url, service, takes = _url(installation, entry)
        if posted.one("intent") == "test":
            reply = _try(url or _stored_url(installation, entry.id), internal=entry.internal)
            return _page(request, installation, entry, reply=reply)
        channel = ChannelRecord(
            entry.id, entry.name, service, entry.internal, entry.everyone,
            entry.people, False, entry.service, takes,
        )  # fmt: skip
        with installation.write() as conn:
            if entry.id:
                channel = ChannelRecord(**{**channel.__dict__, "paused": channels.one(conn, entry.id).paused})
            channels.save(conn, installation.secrets, channel, url)
            audit.record(conn, person, "saved the channel", channel.name, service)
    except UserError as error:
        beside = error.field or "name"
        shown = ChannelForm(**{**entry.__dict__, "errors": {beside: error.words}})
        return _page(request, installation, shown, status=422)
    return flash.say(go(request, HERE), f"“{' '.join(entry.name.split())}” is kept.")


@router.post("/{channel_id:id}/{act}")
def act(request: Request, channel_id: int, act: Text, person: Admin, installation: TheInstallation) -> Response:
    """Pauses one, lets it go on, tries it, or takes it away."""
    with installation.read() as conn:
        known = channels.one(conn, channel_id)
    if act == "test":
        reply = _try(_stored_url(installation, channel_id), internal=known.internal)
        return flash.say(go(request, HERE), f"{known.name}: {reply.words}")
    if act not in DONE:
        raise NotFound("There is nothing like that to do with a channel.")
    with installation.write() as conn:
        if act == "remove":
            channels.remove(conn, channel_id)
        else:
            channels.pause(conn, channel_id, paused=act == "pause")
        audit.record(conn, person, f"{act}d the channel", known.name)
    return flash.say(go(request, HERE), f"“{known.name}” {DONE[act]}.")


def _typed(installation: Installation, posted: FormData) -> ChannelForm:
    service = posted.one("service")
    names = [one.name for one in SERVICES[service].fields] if service in SERVICES else []
    kept = _kept(installation, posted.one("kept"), service)
    return ChannelForm(
        posted.read("id", row_id),
        service,
        posted.one("name"),
        posted.one("internal") == "on",
        posted.one("everyone") == "on",
        posted.read_all("people", row_id),
        {name: posted.one(f"field.{name}") or kept.get(name, "") for name in names},
    )


def _kept(installation: Installation, sealed: str, service: str) -> dict[str, str]:
    """What was typed hidden at the press before, where it was for the same service."""
    try:
        of, hidden = json.loads(installation.secrets.open(sealed) or "[0, 0]")
    except UserError:
        return {}
    return hidden if of == service else {}


def _url(installation: Installation, entry: ChannelForm) -> tuple[str, str, ChannelLimits]:
    """The address, what its service is called, and what it takes; empty where the stored one stays."""
    if entry.id and not any(value.strip() for value in entry.typed.values()):
        return "", entry.shown, ChannelLimits()
    url = url_of(entry.service, entry.typed)
    name, takes = sandbox.call(connection_test.look, url, seconds=SECONDS, memory_mb=512, what="The address")
    return url, SERVICES[entry.service].name if entry.service != "other" else name, takes


def _stored_url(installation: Installation, channel_id: int) -> str:
    with installation.read() as conn:
        return channels.url_of(conn, installation.secrets, channel_id)


def _try(url: str, *, internal: bool) -> Reply:
    return sandbox.call(connection_test.send_test, url, internal, seconds=SECONDS, memory_mb=512, what="The test")


def _page(
    request: Request, installation: Installation, entry: ChannelForm, *, reply: Reply | None = None, status: int = 200
) -> Response:
    with installation.read() as conn:
        known, members = channels.listing(conn), people.listing(conn, installation.settings)
    staff = [(one.person.id, one.person.name or one.person.email) for one in members if not one.person.is_admin]
    return page(
        request,
        "settings/channels/index.html",
        status=status,
        said=flash.said(request).words,
        channels=known,
        entry=entry,
        kept=entry.sealed(installation),
        reply=reply,
        staff=staff,
        services=[(key, one.name) for key, one in SERVICES.items()],
        labels={**LABELS, **{one.name: one.label for one in entry.fields}},
    )
