"""The parts of a message as they travel: texts in 7 bits, and attachments, each encoded once for a whole run."""

import base64
import binascii
import secrets
from collections.abc import Sequence
from email.message import EmailMessage

from webapp.mail.headers import ExactPolicy
from webapp.ports.files import Attachment

POLICY = ExactPolicy()
PLAIN_LINE = 78  # characters that a line in 7 bits has at the most (RFC 5322, 2.1.1)


def text_part(text: str, subtype: str) -> bytes:
    """A text with its headers; its lines end as those of any system do."""
    lines = text.encode().splitlines()
    encoding, content = _encoded(lines)
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'
    return head.encode() + content


def travelling_size(attachment: Attachment) -> int:
    """Bytes that an attachment adds to a message, about: base 64 in lines of 76 characters."""
    return (attachment.size + 2) // 3 * 4 * 78 // 76 + 300


def attached_part(attachment: Attachment) -> bytes:
    """A file with its headers, in base 64; OSError where it cannot be read."""
    main, _, sub = attachment.media_type.partition("/")
    part = EmailMessage(policy=POLICY)
    part.set_content(b"", maintype=main, subtype=sub or "octet-stream", filename=attachment.name)
    del part["MIME-Version"]
    head = part.as_bytes().partition(b"\r\n\r\n")[0]
    content = attachment.path.read_bytes()
    return head + b"\r\n\r\n" + base64.encodebytes(content).replace(b"\n", b"\r\n")


def together(subtype: str, parts: Sequence[bytes]) -> bytes:
    """Several parts as one; a boundary with “=_” stands in no encoded text, and nobody can guess it."""
    boundary = f"=_{secrets.token_hex(16)}"
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n'.encode()
    line = f"--{boundary}\r\n".encode()
    return head + b"".join(line + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()


def _encoded(lines: list[bytes]) -> tuple[str, bytes]:
    """In the way that people who look at the source can read best, or that is shortest."""
    whole = b"\r\n".join(lines) + b"\r\n"
    if whole.isascii() and all(len(line) <= PLAIN_LINE and _is_plain(line) for line in lines):
        return "7bit", whole
    quoted = binascii.b2a_qp(whole, istext=True)
    if len(quoted) <= len(whole) * 4 // 3:
        return "quoted-printable", quoted
    return "base64", base64.encodebytes(whole).replace(b"\n", b"\r\n")


def _is_plain(line: bytes) -> bool:
    return line.replace(b"\t", b" ").decode("ascii").isprintable()
