"""Composes messages as text and HTML; what all messages of a run share is made once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr, unquote
from functools import cached_property, lru_cache

from webapp.mail.headers import ExactPolicy
from webapp.mail.html import page
from webapp.mail.merge import Marks, Values, fill, fill_line
from webapp.mail.parts import attached_part, multipart, text_part
from webapp.mail.recipients import PLAIN, needs_utf8, wire_form
from webapp.markup.plain import plain
from webapp.ports.files import Attachment

NOTHING: Values = {}
LINK_FIELD = "outtray: unsubscribe"  # a field that no column can have as its name by chance
UNSUBSCRIBE_TEXT = f"---\n\nTo get no more of these emails: {{{{ {LINK_FIELD} }}}}"
UNSUBSCRIBE_MARKDOWN = f"---\n\n[Get no more of these emails]({{{{ {LINK_FIELD} }}}})"
ONE_CLICK = {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


@dataclass(frozen=True, kw_only=True)
class Message:
    """One whole message to one person; ports.Message."""

    message_id: str
    content: bytes  # with CRLF line ends; in ASCII unless `utf8`
    utf8: bool  # only a server with SMTPUTF8 takes its addresses


class Letter:
    """What all recipients get; the `{{ fields }}` of subject and body are filled for each.

    Raises OSError if an attachment cannot be read.
    """

    def __init__(
        self,
        *,
        subject: str,
        body: str,
        sender: str,
        reply_to: str = "",
        attachments: Sequence[Attachment] = (),
        has_unsubscribe_link: bool = False,
    ) -> None:
        self._subject, self._sender, self._reply_to = subject, sender, reply_to
        marks = Marks.of(body)
        text = marks.take_back(plain(marks.put(body)))
        self._text = f"{text}\n\n{UNSUBSCRIBE_TEXT}" if has_unsubscribe_link else text
        self._markdown = f"{body}\n\n{UNSUBSCRIBE_MARKDOWN}" if has_unsubscribe_link else body
        self._attached = [attached_part(attachment) for attachment in attachments]
        self._openings: dict[bool, str] = {}

    def to(
        self,
        to: str,
        *,
        message_id: str,
        date: datetime,
        values: Values = NOTHING,
        unsubscribe_link: str = "",
    ) -> Message:
        """Returns the message to one recipient; `values` are named as by merge.key_of, `date` has a zone.

        `unsubscribe_link` works with one click (RFC 8058). Raises ValueError if a header cannot be written.
        """
        utf8 = needs_utf8(to, parseaddr(self._sender)[1])
        head = {
            "To": _to(to, utf8=utf8),
            "Subject": _subject(
                fill_line(self._subject, values) if "{{" in self._subject else self._subject, utf8=utf8
            ),
            "Date": f"Date: {format_datetime(date)}\r\n",
            "Message-ID": _line("Message-ID", message_id),
        }
        if unsubscribe_link:
            links = {"List-Unsubscribe": f"<{unsubscribe_link}>", **ONE_CLICK}
            head |= {name: _line(name, value) for name, value in links.items()}
        text = self._opening(utf8=utf8) + "".join(head.values()) + "MIME-Version: 1.0\r\n"
        body = self._body_for({**values, LINK_FIELD: unsubscribe_link})
        return Message(message_id=message_id, content=text.encode("utf-8" if utf8 else "ascii") + body, utf8=utf8)

    def _opening(self, *, utf8: bool) -> str:
        """Returns the first headers, which all its messages share."""
        if utf8 not in self._openings:
            sender = _folded("From", _mailbox(*parseaddr(self._sender)), utf8=utf8)
            reply_to = _folded("Reply-To", _mailbox("", self._reply_to), utf8=utf8) if self._reply_to else ""
            self._openings[utf8] = sender + reply_to
        return self._openings[utf8]

    def _body_for(self, values: Values) -> bytes:
        if "{{" not in self._subject + self._markdown:  # the text lacks the addresses of images
            return self._same_for_all
        marks, marked = self._marked
        return self._put_together(fill(self._text, values), marks.fill(marked, values))

    @cached_property
    def _same_for_all(self) -> bytes:
        return self._put_together(self._text, page(self._subject, self._markdown))

    @cached_property
    def _marked(self) -> tuple[Marks, str]:
        """Markdown is rendered once for a run, so that the text of a cell is never read as Markdown."""
        marks = Marks.of(self._subject, self._markdown)
        return marks, page(marks.put(self._subject), marks.put(self._markdown))

    def _put_together(self, text: str, html: str) -> bytes:
        message = multipart("alternative", [text_part(text, "plain"), text_part(html, "html")])
        return multipart("mixed", [message, *self._attached]) if self._attached else message


def _to(address: str, *, utf8: bool) -> str:
    """Most addresses need neither quotes nor any encoding."""
    return f"To: {address}\r\n" if PLAIN.fullmatch(address) else _folded("To", _mailbox("", address), utf8=utf8)


@lru_cache(maxsize=8)  # mostly the same for a whole run
def _subject(subject: str, *, utf8: bool) -> str:
    return _folded("Subject", subject, utf8=utf8)


def _mailbox(name: str, address: str) -> Address:
    local, _, domain = wire_form(address).rpartition("@")
    return Address(name, unquote(local), domain)


def _folded(name: str, value: Address | str, *, utf8: bool) -> str:
    holder = EmailMessage(policy=ExactPolicy(utf8=utf8))
    holder[name] = value
    return holder.as_string().partition("\r\n\r\n")[0] + "\r\n"


def _line(name: str, value: str) -> str:
    """Returns a header that is never folded: Message-IDs and URLs must stay on one line."""
    if not value.isascii() or not value.isprintable():
        raise ValueError(f"{name} can hold neither line breaks nor letters outside ASCII.")
    return f"{name}: {value}\r\n"
