"""The SMTP commands of one message: MAIL, RCPT and DATA, one by one or pipelined; and the encoding of its content."""

import re
from collections.abc import Callable, Mapping, Sequence
from smtplib import SMTP, SMTPException

from webapp.mail.replies import Step

STEPS: Sequence[Step] = ("MAIL", "RCPT", "DATA")
Refusal = tuple[Step, int, bytes]


def commands(smtp: SMTP, sender: str, to: str, size: int, *, utf8: bool) -> Mapping[Step, str]:
    """Returns the command of each step; `size` in bytes, 0 if it is not known yet."""
    smtp.command_encoding = "utf-8" if utf8 else "ascii"
    options = f" SIZE={size}" if size and smtp.has_extn("size") else ""
    options += " BODY=8BITMIME SMTPUTF8" if utf8 else ""
    return {"MAIL": f"MAIL FROM:<{sender}>{options}", "RCPT": f"RCPT TO:<{to}>", "DATA": "DATA"}


def say_all(smtp: SMTP, lines: Mapping[Step, str]) -> None:
    """Sends all commands at once (RFC 2920): a message takes two round trips instead of four."""
    smtp.send("".join(f"{command}\r\n" for command in lines.values()))


def hear_all(answer: Callable[[Step], tuple[int, bytes] | None]) -> tuple[Refusal | None, bool]:
    """Returns the first refusal of pipelined steps, and whether the server waits for the content all the same.

    `answer` reads the reply to one step and returns it if it is a refusal.
    """
    first: Refusal | None = None
    for step in STEPS:
        try:
            refusal = answer(step)
        except (OSError, SMTPException):
            if first:  # the server said why it goes
                break
            raise
        if refusal:
            first = first or (step, *refusal)
            if refusal[0] == 421:
                break
        elif step == "DATA" and first:
            return first, True
    return first, False


def dotted(content: bytes) -> bytes:
    """Returns the content after DATA: CRLF line ends, dots doubled, with the end mark (RFC 5321, 4.5.2)."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", content)
    lines = re.sub(rb"(?m)^\.", b"..", lines)
    return lines + (b".\r\n" if lines.endswith(b"\r\n") else b"\r\n.\r\n")
