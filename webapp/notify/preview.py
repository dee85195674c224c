"""How a notification will look in each channel, and whether it fits."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from webapp.markup.clean import shown
from webapp.markup.plain import plain
from webapp.markup.weight import seconds_to_draw, within_limits
from webapp.notify import limits
from webapp.notify.logfile import one_line
from webapp.ports.channels import Channel, ChannelLimits

LOG_LINE = "notification for {}: {}"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A notification as it is written so far, with the number of its files."""

    title: str
    message: str
    files: int = 0

    @cached_property
    def drawing(self) -> "Drawing":
        """The message as it is shown, drawn once for all channels. Raises UserError if that takes too long."""
        return within_limits(2 * seconds_to_draw(self.message), draw, self.message)


@dataclass(frozen=True)
class Drawing:
    """A message as HTML and as plain text."""

    html: str
    text: str


def draw(message: str) -> Drawing:
    """Returns the message as channels with and without Markdown show it."""
    return Drawing(shown(message), plain(message))


@dataclass(frozen=True, kw_only=True)
class ChannelPreview:
    """One channel: `html` if it shows Markdown, else `text`; `notes` say what does not fit."""

    name: str
    service: str = ""
    title: str = ""
    html: str = ""
    text: str = ""
    length: str = ""
    notes: Sequence[str] = ()


def in_log(name: str, whom: str, draft: Draft) -> ChannelPreview:
    """Returns the line of the log file."""
    text = f"{draft.title}: {draft.message}" if draft.title else draft.message
    return ChannelPreview(name=name, text=one_line(LOG_LINE.format(whom, text)))


def in_inbox(names: str, draft: Draft) -> ChannelPreview:
    """Returns the notice in the inboxes of these people."""
    notes = ["Files do not go into an inbox: the message goes alone."] if draft.files else []
    return ChannelPreview(name="Inbox", service=names, title=draft.title, html=draft.drawing.html, notes=notes)


def in_channel(channel: Channel, draft: Draft) -> ChannelPreview:
    """Returns the message as the service of this channel shows it."""
    takes = channel.takes
    text = "" if takes.markdown else draft.drawing.text
    body = draft.message if takes.markdown else text
    length, note = _length(body if takes.title or not draft.title else f"{draft.title}\n{body}", takes)
    notes = _notes(channel, draft)
    return ChannelPreview(
        name=channel.name,
        service=channel.service,
        title=draft.title,
        html=draft.drawing.html if takes.markdown else "",
        text=text,
        length=length,
        notes=[*notes, note] if note else notes,
    )


def _notes(channel: Channel, draft: Draft) -> list[str]:
    takes = channel.takes
    notes = ["Paused: it goes there once an admin lets it go on."] if channel.paused else []
    if draft.title and takes.title and len(draft.title) > takes.title:
        notes.append(f"The title has {len(draft.title):,} letters, {takes.title:,} fit: its end is cut off.")
    if draft.files and not takes.files:
        notes.append("It takes no files: the message goes alone.")
    return notes


def _length(text: str, takes: ChannelLimits) -> tuple[str, str]:
    """Returns the length as people read it, and a note if the text is split."""
    letters = f"{len(text):,} letter{'' if len(text) == 1 else 's'}"
    if takes.is_sms:
        number, wide = limits.sms_parts(text)
        why = f"“{wide}” is not in the alphabet of text messages: only 70 letters fit into one." if wide else ""
        return f"{letters}, {number} text message{'' if number == 1 else 's'}", why
    if not takes.body:
        return letters, ""
    number = limits.parts(text, takes.body)
    note = f"Longer than {takes.body:,} letters: it arrives in {number} parts." if number > 1 else ""
    return f"{letters} of {takes.body:,}", note
