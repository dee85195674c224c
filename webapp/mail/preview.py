"""How a message will look to one person, before anything is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from webapp.clock import now
from webapp.mail.compose import OUT, OUT_MARKDOWN, Letter
from webapp.mail.merge import Marks, fields_of, fill_line, key_of, values_for
from webapp.mail.parts import travelling_size
from webapp.markup.clean import clean
from webapp.ports.files import Attachment

SAMPLE_ID = "<preview@outtray.invalid>"
NOWHERE = "https://outtray.invalid/unsubscribe"


@dataclass(frozen=True)
class Draft:
    """A message as it was written."""

    subject: str
    body: str
    sender: str
    has_way_out: bool = False
    attachments: Sequence[Attachment] = field(default_factory=list)


@dataclass(frozen=True)
class Preview:
    """What one person will see; `size` is that of the message as it travels, in bytes."""

    to: str
    subject: str
    html: str
    size: int
    empty: Sequence[str] = ()  # fields for which this person's row holds nothing


def preview(draft: Draft, to: str, row: Mapping[str, str]) -> Preview:
    """`row`: the values of the list's row, by its columns."""
    values = values_for(to, row)
    body = f"{draft.body}\n\n{OUT_MARKDOWN}" if draft.has_way_out else draft.body
    marks = Marks.of(body)
    html = marks.fill(clean(marks.put(body)), {**values, OUT: NOWHERE})
    letter = Letter(draft.subject, draft.body, draft.sender, has_way_out=draft.has_way_out)
    way_out = NOWHERE if draft.has_way_out else ""
    bare = letter.to(to, SAMPLE_ID, now(), values, way_out).as_bytes(utf8=True)
    size = len(bare) + sum(travelling_size(attachment) for attachment in draft.attachments)
    used = fields_of(draft.subject, draft.body)
    empty = [name for name in used if not values.get(key_of(name))]
    return Preview(to, fill_line(draft.subject, values), html, size, empty)
