"""The MIME parts of a message: texts in 7 bits and attachments, each encoded once for a whole run."""

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
    """Returns a text with its headers; any kind of line end is understood."""
    lines = text.encode().splitlines()
    encoding, content = _encoded(lines)
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'
    return head.encode() + content


def encoded_size(attachment: Attachment) -> int:
    """Returns about how many bytes an attachment adds to a message: base64 in lines of 76 characters."""
    return (attachment.size + 2) // 3 * 4 * 78 // 76 + 300


def attached_part(attachment: Attachment) -> bytes:
    """Returns a file with its headers, in base64; raises OSError if it cannot be read."""
    main, _, sub = attachment.media_type.partition("/")
    part = EmailMessage(policy=POLICY)
    part.set_content(b"", maintype=main, subtype=sub or "octet-stream", filename=attachment.name)
    del part["MIME-Version"]
    head = part.as_bytes().partition(b"\r\n\r\n")[0]
    content = attachment.path.read_bytes()
    return head + b"\r\n\r\n" + base64.encodebytes(content).replace(b"\n", b"\r\n")


def multipart(subtype: str, parts: Sequence[bytes]) -> bytes:
    """Returns several parts as one; its boundary cannot be guessed, and no encoded text contains “=_”."""
    boundary = f"=_{secrets.token_hex(16)}"
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n'.encode()
    line = f"--{boundary}\r\n".encode()
    return head + b"".join(line + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()


def _encoded(lines: list[bytes]) -> tuple[str, bytes]:
    """Returns the encoding and the encoded text: as readable as possible in the source, or else shortest."""
    whole = b"\r\n".join(lines) + b"\r\n"
    if whole.isascii() and all(len(line) <= PLAIN_LINE and _is_plain(line) for line in lines):
        return "7bit", whole
    quoted = binascii.b2a_qp(whole, istext=True)
    if len(quoted) <= len(whole) * 4 // 3:
        return "quoted-printable", quoted
    return "base64", base64.encodebytes(whole).replace(b"\n", b"\r\n")


def _is_plain(line: bytes) -> bool:
    return line.replace(b"\t", b" ").decode("ascii").isprintable()
