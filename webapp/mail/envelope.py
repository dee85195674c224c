"""How a message is offered over SMTP: sender, recipient and DATA, in steps or in one go; and its text as it travels."""

import re
from collections.abc import Callable, Mapping, Sequence
from smtplib import SMTP, SMTPException

from webapp.mail.replies import Step

STEPS: Sequence[Step] = ("MAIL", "RCPT", "DATA")
Refusal = tuple[Step, int, bytes]


def commands(smtp: SMTP, sender: str, to: str, size: int, *, utf8: bool) -> Mapping[Step, str]:
    """What is said at each step; `size` in bytes, 0 where it is not known yet."""
    smtp.command_encoding = "utf-8" if utf8 else "ascii"
    options = f" SIZE={size}" if size and smtp.has_extn("size") else ""
    options += " BODY=8BITMIME SMTPUTF8" if utf8 else ""
    return {"MAIL": f"MAIL FROM:<{sender}>{options}", "RCPT": f"RCPT TO:<{to}>", "DATA": "DATA"}


def say_all(smtp: SMTP, said: Mapping[Step, str]) -> None:
    """All in one go (RFC 2920): a message takes two round trips instead of four."""
    smtp.send("".join(f"{command}\r\n" for command in said.values()))


def hear_all(answer: Callable[[Step], tuple[int, bytes] | None]) -> tuple[Refusal | None, bool]:
    """The first refusal of the steps that were said in one go; and whether the server waits for a message all the same.

    `answer` reads the reply to one step and returns what it has against it.
    """
    first: Refusal | None = None
    for step in STEPS:
        try:
            against = answer(step)
        except (OSError, SMTPException):
            if first:  # the server said why it goes
                break
            raise
        if against:
            first = first or (step, *against)
            if against[0] == 421:
                break
        elif step == "DATA" and first:
            return first, True
    return first, False


def dotted(content: bytes) -> bytes:
    """The message as it goes after DATA: no line break but CRLF, dots doubled, the end mark (RFC 5321, 4.5.2)."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", content)
    lines = re.sub(rb"(?m)^\.", b"..", lines)
    return lines + (b".\r\n" if lines.endswith(b"\r\n") else b"\r\n.\r\n")
