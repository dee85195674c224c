"""Composes one message: a text as it was typed, and the same in HTML."""

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr, unquote
from functools import lru_cache

from webapp.mail.headers import ExactPolicy
from webapp.mail.html import page
from webapp.mail.merge import Marks, Values, fill, fill_line
from webapp.mail.recipients import wire_form

POLICY = ExactPolicy()
NOTHING: Values = {}


def compose(
    to: str,
    subject: str,
    body: str,
    sender: str,
    message_id: str,
    date: datetime,
    values: Values = NOTHING,
    reply_to: str = "",
) -> EmailMessage:
    """A message to one person; ValueError where a header would hold a line break. `date` knows its zone.

    `values` fill the fields of subject and body; they are named as by merge.key_of.
    """
    message = EmailMessage(policy=POLICY)
    message["From"] = _mailbox(*parseaddr(sender))
    message["To"] = _mailbox("", to)
    if reply_to:
        message["Reply-To"] = _mailbox("", reply_to)
    message["Subject"] = fill_line(subject, values) if "{{" in subject else subject
    message["Date"] = format_datetime(date)
    message["Message-ID"] = message_id
    message["MIME-Version"] = "1.0"
    message["Content-Type"] = "multipart/alternative"
    message.set_payload([*(_filled(subject, body, values) if "{{" in subject + body else _parts(subject, body))])
    return message


def as_bytes(message: EmailMessage, *, utf8: bool = False) -> bytes:
    """The message with CRLF line ends and, unless `utf8`, in ASCII."""
    return message.as_bytes(policy=POLICY.clone(utf8=utf8))


@lru_cache(maxsize=8)  # a run writes the same to everybody: its messages share these, so nobody may change them
def _parts(subject: str, body: str) -> tuple[EmailMessage, EmailMessage]:
    return _made(body, page(subject, body))


def _filled(subject: str, body: str, values: Values) -> tuple[EmailMessage, EmailMessage]:
    marks, marked = _marked(subject, body)
    return _made(fill(body, values), marks.fill(marked, values))


@lru_cache(maxsize=8)
def _marked(subject: str, body: str) -> tuple[Marks, str]:
    """Markdown is read once for a run: what it makes of a cell's text is nothing."""
    marks = Marks.of(subject, body)
    return marks, page(marks.put(subject), marks.put(body))


def _made(words: str, whole: str) -> tuple[EmailMessage, EmailMessage]:
    text, html = EmailMessage(policy=POLICY), EmailMessage(policy=POLICY)
    text.set_content(words)
    html.set_content(whole, subtype="html")
    for part in (text, html):
        del part["MIME-Version"]
    return text, html


def _mailbox(name: str, address: str) -> Address:
    local, _, domain = wire_form(address).rpartition("@")
    return Address(name, unquote(local), domain)
