"""How a notification will look in each place, and what that place makes of its length."""

from collections.abc import Sequence
from dataclasses import dataclass

from webapp.markup.clean import clean
from webapp.markup.plain import plain
from webapp.notify import limits
from webapp.notify.logfile import one_line
from webapp.ports.channels import Channel, ChannelLimits

LOG_LINE = "notification for {}: {}"


@dataclass(frozen=True)
class Shown:
    """One place: `html` where it shows Markdown, else `text`; `length` in words, `notes` what is worth knowing."""

    name: str
    service: str
    title: str = ""
    html: str = ""
    text: str = ""
    length: str = ""
    notes: Sequence[str] = ()


def in_log(name: str, whom: str, title: str, message: str) -> Shown:
    """The article's line."""
    words = f"{title}: {message}" if title else message
    return Shown(name, "", text=one_line(LOG_LINE.format(whom, words)))


def in_inbox(names: str, title: str, message: str, files: int) -> Shown:
    """As those people read it in the panel."""
    notes = ["Files do not go into an inbox: the message goes alone."] if files else []
    return Shown("Inbox", names, title, html=clean(message), notes=notes)


def in_channel(channel: Channel, title: str, message: str, files: int) -> Shown:
    """As the service shows it; what stands in one is what Apprise hands over."""
    takes = channel.takes
    notes = ["Paused: it goes there once an admin lets it go on."] if channel.paused else []
    if title and takes.title and len(title) > takes.title:
        notes.append(f"The title has {len(title):,} letters, {takes.title:,} fit: its end is cut off.")
    if files and not takes.files:
        notes.append("It takes no files: the message goes alone.")
    text = "" if takes.markdown else plain(message)
    whole = message if takes.markdown else text
    whole = whole if takes.title or not title else f"{title}\n{whole}"
    length, note = _length(whole, takes)
    return Shown(
        channel.name,
        channel.service,
        title,
        clean(message) if takes.markdown else "",
        text,
        length,
        [*notes, note] if note else notes,
    )


def _length(text: str, takes: ChannelLimits) -> tuple[str, str]:
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
