"""The form of a notification that another system requests."""

from typing import Any

from webapp.ports.channels import AUDIENCES, BUILT_IN
from webapp.ports.form_context import FormContext
from webapp.ports.kinds import Announcement

LONGEST_TITLE = 200  # characters
LONGEST_MESSAGE = 10_000


def form_of(announcement: Announcement, form_context: FormContext) -> dict[str, Any]:
    """Returns the form; long texts are cut, channels and people that no longer exist are left out.

    If no channel is left, all stay: the refusal then names the one that is gone.
    """
    known = {*BUILT_IN, *(one.id for one in form_context.channels())}
    people = {*AUDIENCES, *(str(one.id) for one in form_context.colleagues())}
    title = " ".join("".join(one if one.isprintable() else " " for one in announcement.title).split())
    message = "".join(one for one in announcement.message if one.isprintable() or one in "\n\t")
    return {
        "title": title[:LONGEST_TITLE],
        "message": message[:LONGEST_MESSAGE],
        "channels": [one for one in announcement.channels if one in known] or list(announcement.channels),
        "people": [one for one in announcement.people if one in people],
        "priority": announcement.priority,
    }
