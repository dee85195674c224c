"""Maps the replies of a mail server to one message."""

import re
from typing import Literal

from webapp.ports.deliveries import ADDRESS_FAULTS, Reply, ReplyState

Step = Literal["MAIL", "RCPT", "DATA", "message"]

SENT = "The mail server accepted it."
LOST = "The connection broke before the message was handed over."
UNKNOWN = "It may have arrived. The connection broke after the message was handed over."
LATER = "The mail server asked to try again later."
NO_SMTPUTF8 = "The mail server takes no addresses with letters such as “ü” before the @."

NO_MAILBOX, BAD_ADDRESS, NO_DOMAIN, DISABLED = ADDRESS_FAULTS
TOO_LARGE = "The message is too large for the mail server."
FULL = "The mailbox is full."
POLICY = "The mail server refused it by its own rules, perhaps as unwanted mail."
SENDER = "The mail server does not let this sender write. Ask an admin to check the sender in Settings → Mail."
RELAY = "The mail server passes nothing on to this address. Ask an admin to check the sign-in in Settings → Mail."
SIGN_IN = "The mail server wants a sign-in first. Ask an admin to check Settings → Mail."
REFUSED = "The mail server refused it."

# Enhanced status codes (RFC 3463) say more than the three digits; the whole one goes before its first part.
ENHANCED = {
    "1.1": NO_MAILBOX,
    "1.10": NO_DOMAIN,
    "1.2": NO_DOMAIN,
    "1.3": BAD_ADDRESS,
    "1.6": NO_MAILBOX,
    "2.1": DISABLED,
    "2.2": FULL,
    "2.3": TOO_LARGE,
    "3.4": TOO_LARGE,
    "7": POLICY,
}
BY_STEP: dict[tuple[Step, int], str] = {
    ("RCPT", 501): BAD_ADDRESS,
    ("RCPT", 550): NO_MAILBOX,
    ("RCPT", 551): NO_MAILBOX,
    ("RCPT", 552): FULL,
    ("RCPT", 553): BAD_ADDRESS,
    ("RCPT", 556): NO_DOMAIN,
    ("DATA", 552): TOO_LARGE,
    ("message", 552): TOO_LARGE,
    ("message", 550): POLICY,
    ("message", 554): POLICY,
}


def refused(step: Step, code: int, text: bytes) -> Reply:
    """Returns the reply for a code of 400 or more: try again later, or failed."""
    line = technical(code, text)
    if code < 500:
        return Reply(ReplyState.LATER, FULL if b"4.2.2" in text else LATER, line)
    return Reply(ReplyState.FAILED, _why(step, code, line), line)


def technical(code: int, text: bytes) -> str:
    """Returns the server's own text on one line."""
    return f"{code} {' '.join(text.decode(errors='replace').split())}".strip()


def _why(step: Step, code: int, line: str) -> str:
    if code == 530:
        return SIGN_IN
    if step == "MAIL":
        return TOO_LARGE if code == 552 or "5.3.4" in line else SENDER
    if step == "RCPT" and "relay" in line.lower():
        return RELAY
    if status := re.search(r"\b5\.(\d{1,3})\.(\d{1,3})\b", line):
        for key in (".".join(status.groups()), status[1]):
            if key in ENHANCED:
                return ENHANCED[key]
    return BY_STEP.get((step, code), REFUSED)
