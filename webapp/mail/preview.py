"""How a message will look to one person, before anything is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from webapp.clock import now
from webapp.errors import UserError
from webapp.mail.compose import LINK_FIELD, UNSUBSCRIBE_MARKDOWN, Letter
from webapp.mail.merge import Marks, fields_of, fill, fill_line, key_of, values_for
from webapp.mail.parts import encoded_size
from webapp.markup.clean import shown
from webapp.markup.weight import seconds_to_draw, within_limits
from webapp.ports.files import Attachment

SAMPLE_ID = "<preview@outtray.invalid>"
SAMPLE_LINK = "https://outtray.invalid/unsubscribe"
NONE = "There is no preview. {}"
_DRAWINGS = 3  # for the page, as text and as HTML of the email
_FILLED = 1e-6  # seconds for each character of a message with its fields filled


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A message as it was written."""

    subject: str
    body: str
    sender: str
    has_unsubscribe_link: bool = False
    attachments: Sequence[Attachment] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What one recipient will see; `size` is that of the encoded message, in bytes.

    `note` says why there is no `html`.
    """

    to: str
    subject: str
    html: str = ""
    size: int = 0
    empty: Sequence[str] = ()  # fields for which this person's row holds nothing
    note: str = ""


def preview(draft: Draft, to: str, row: Mapping[str, str]) -> Preview:
    """Returns the preview for one recipient; `row`: the values of their row of the list, by column.

    A message that takes long to draw is drawn in a child process; if it takes too long, a note says so.
    """
    values = values_for(to, row)
    try:
        filled = len(fill(draft.body, values))
        subject = fill_line(draft.subject, values)
        seconds = _DRAWINGS * seconds_to_draw(draft.body) + filled * _FILLED
    except ValueError as error:
        return Preview(to=to, subject="", note=NONE.format(f"This message cannot be made: {error}."))
    try:
        return within_limits(seconds, draw, draft, to, row)
    except UserError as error:
        return Preview(to=to, subject=subject, note=NONE.format(error.message))


def draw(draft: Draft, to: str, row: Mapping[str, str]) -> Preview:
    """Does what `preview` does, without limits; raises ValueError if the message gets too long."""
    values = values_for(to, row)
    body = f"{draft.body}\n\n{UNSUBSCRIBE_MARKDOWN}" if draft.has_unsubscribe_link else draft.body
    marks = Marks.of(body)
    return Preview(
        to=to,
        subject=fill_line(draft.subject, values),
        html=marks.fill(shown(marks.put(body)), {**values, LINK_FIELD: SAMPLE_LINK}),
        size=_size(draft, to, values) + sum(encoded_size(attachment) for attachment in draft.attachments),
        empty=[name for name in fields_of(draft.subject, draft.body) if not values.get(key_of(name))],
    )


def _size(draft: Draft, to: str, values: Mapping[str, str]) -> int:
    """Returns the bytes of the message without its attachments."""
    letter = Letter(
        subject=draft.subject,
        body=draft.body,
        sender=draft.sender,
        has_unsubscribe_link=draft.has_unsubscribe_link,
    )
    link = SAMPLE_LINK if draft.has_unsubscribe_link else ""
    message = letter.to(to, message_id=SAMPLE_ID, date=now(), values=values, unsubscribe_link=link)
    return len(message.content)
