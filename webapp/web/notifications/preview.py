"""The preview beside the form of a notification: how it will look in each place, and whether it fits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp.installation import Installation
from webapp.kinds.notification.form import NotificationForm
from webapp.kinds.notification.kind import EVERYONE
from webapp.notify import preview
from webapp.notify.preview import Shown
from webapp.ports.channels import AUDIENCES, BUILT_IN
from webapp.ports.people import Person
from webapp.web.forms.reading import Filled
from webapp.web.http.deps import SignedIn, TheInstallation
from webapp.web.http.multipart import Posted
from webapp.web.http.render import fragment

router = APIRouter(prefix="/new/notification", include_in_schema=False)

EMPTY = "Write a message: it is shown here as each place gets it."
NOWHERE = "Choose a place: the message is shown here as it arrives there."


@dataclass(frozen=True)
class NotificationPreview:
    """What stands there: each chosen place, or words where there is nothing to show."""

    shown: Sequence[Shown] = ()
    words: str = ""


@router.post("/preview")
def show(request: Request, person: SignedIn, installation: TheInstallation, posted: Posted) -> Response:
    """The message as it is written so far; what is wrong with the form is said when it is sent."""
    raw = {name: posted.all(name) for name in NotificationForm.model_fields}
    return fragment(request, "notifications/form/_preview.html", pane=_pane(installation, person, raw))


def pane(installation: Installation, person: Person, filled: Filled[Any]) -> NotificationPreview:
    """The preview of a form as it was typed, whole or not."""
    return _pane(installation, person, filled.raw)


def _pane(installation: Installation, person: Person, raw: Mapping[str, Sequence[str]]) -> NotificationPreview:
    title, message = " ".join(_text(raw, "title").split()), _text(raw, "message").strip()
    if not message:
        return NotificationPreview(words=EMPTY)
    places, files = raw.get("channels", ()), len([one for one in raw.get("attachments", ()) if one])
    whom = _text(raw, "to").replace("\n", ", ").strip() or EVERYONE
    channels = [one for one in installation.form_context(person).channels() if one.id in places]
    shown = [preview.in_channel(one, title, message, files) for one in channels]
    if names := _names(installation, person, raw.get("people", ())):
        shown.append(preview.in_inbox(names, title, message, files))
    shown += [preview.in_log(BUILT_IN[one], whom, title, message) for one in places if one in BUILT_IN]
    return NotificationPreview(shown) if shown else NotificationPreview(words=NOWHERE)


def _names(installation: Installation, person: Person, chosen: Sequence[str]) -> str:
    known = {
        **AUDIENCES,
        **{str(one.id): one.name or one.email for one in installation.form_context(person).colleagues()},
    }
    return ", ".join(known[one] for one in chosen if one in known)


def _text(raw: Mapping[str, Sequence[str]], name: str) -> str:
    """What was typed, without what no message may hold."""
    text = (raw.get(name) or [""])[-1]
    return "".join(letter for letter in text if letter.isprintable() or letter in "\n\t")
