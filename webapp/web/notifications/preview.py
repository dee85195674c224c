"""The preview beside the form of a notification: how it will look in each channel, and whether it fits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp.errors import UserError
from webapp.installation import Installation
from webapp.kinds.fields import require_short
from webapp.kinds.notification.form import LONGEST_MESSAGE, LONGEST_TITLE, NotificationForm
from webapp.kinds.notification.kind import EVERYONE
from webapp.notify import preview
from webapp.notify.preview import ChannelPreview, Draft
from webapp.ports.channels import AUDIENCES, BUILT_IN
from webapp.ports.people import Person
from webapp.web.forms.reading import Filled
from webapp.web.http.deps import SignedIn, TheInstallation
from webapp.web.http.multipart import Posted
from webapp.web.http.render import fragment

router = APIRouter(prefix="/new/notification", include_in_schema=False)

EMPTY = "Write a message: it is shown here as each place gets it."
LONGEST_LINE = 2_000  # characters of the addresses that the preview of a log line shows
NOWHERE = "Choose a channel: the message is shown here as it arrives there."


@dataclass(frozen=True)
class NotificationPreview:
    """The message in each chosen channel, or why there is nothing to show."""

    channels: Sequence[ChannelPreview] = ()
    message: str = ""


@router.post("/preview")
def show(request: Request, person: SignedIn, installation: TheInstallation, posted: Posted) -> Response:
    """Shows the message as it is written so far; errors of the form are shown when it is sent."""
    filled: Filled[Any] = Filled(None, {}, {name: posted.all(name) for name in NotificationForm.model_fields})
    return fragment(request, "notifications/form/_preview.html", pane=pane(installation, person, filled))


def pane(installation: Installation, person: Person, filled: Filled[Any]) -> NotificationPreview:
    """Returns the preview of a form as it was typed, complete or not."""
    raw = filled.raw
    title, message = " ".join(_text(raw, "title").split()), _text(raw, "message").strip()
    if not message:
        return NotificationPreview(message=EMPTY)
    try:
        require_short("title", title, LONGEST_TITLE)
        require_short("message", message, LONGEST_MESSAGE)
        previews = _previews(installation, person, raw, title, message)
    except ValueError as error:
        return NotificationPreview(message=str(error))
    except UserError as error:
        return NotificationPreview(message=error.message)
    return NotificationPreview(previews) if previews else NotificationPreview(message=NOWHERE)


def _previews(
    installation: Installation, person: Person, raw: Mapping[str, Sequence[str]], title: str, message: str
) -> Sequence[ChannelPreview]:
    draft = Draft(title=title, message=message, files=len([one for one in raw.get("attachments", ()) if one]))
    chosen = raw.get("channels", ())
    channels = [one for one in installation.form_context(person).channels() if one.id in chosen]
    previews = [preview.in_channel(channel, draft) for channel in channels]
    if names := _names(installation, person, raw.get("people", ())):
        previews.append(preview.in_inbox(names, draft))
    whom = _text(raw, "to")[:LONGEST_LINE].replace("\n", ", ").strip() or EVERYONE
    return [*previews, *(preview.in_log(BUILT_IN[one], whom, draft) for one in BUILT_IN if one in chosen)]


def _names(installation: Installation, person: Person, chosen: Sequence[str]) -> str:
    colleagues = installation.form_context(person).colleagues()
    known = {**AUDIENCES, **{str(one.id): one.name or one.email for one in colleagues}}
    return ", ".join(known[one] for one in chosen if one in known)


def _text(raw: Mapping[str, Sequence[str]], name: str) -> str:
    """What was typed, without characters that no message may hold."""
    text = (raw.get(name) or [""])[-1]
    return "".join(letter for letter in text if letter.isprintable() or letter in "\n\t")
