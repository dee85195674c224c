"""Tests a mail server step by step, as for a message, and sends nothing."""

import socket
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parseaddr
from smtplib import SMTP, SMTPException, SMTPResponseException
from typing import Literal

from webapp.mail import replies
from webapp.mail.connect import ERRORS, begin, explain, technical
from webapp.mail.recipients import needs_utf8, wire_form
from webapp.mail.url import SmtpSettings

SECONDS = 10.0  # before each answer: a person waits for the whole test
NAME, CONNECTED, ENCRYPTED, SIGNED_IN, ACCEPTED = STEPS = (
    "name found",
    "connected",
    "encrypted",
    "signed in",
    "sender accepted",
)
NO_ENCRYPTION = "No encryption is set: others on the network can read the emails."
NO_SIGN_IN = "No user name is set."
BUSY = "Try again in a few minutes."
ADVICE = {
    NAME: "Check the server’s name, and the name server of this machine.",
    CONNECTED: "Check the server’s name and port, and whether a firewall stands in between.",
    ENCRYPTED: "Check the server’s name, the port and the encryption.",
    SIGNED_IN: "Check user name and password; some providers want an app password here.",
    ACCEPTED: "Check the from address, and the user name.",
}
ADVICE_FIXED = {  # where the server stands in the environment
    NAME: "Check the name in OUTTRAY_SMTP_URL, and the name server of this machine.",
    CONNECTED: "Check name and port in OUTTRAY_SMTP_URL, and whether a firewall stands in between.",
    ENCRYPTED: "Check the name, the port and the beginning of OUTTRAY_SMTP_URL.",
    SIGNED_IN: "Check user name and password in OUTTRAY_SMTP_URL; some providers want an app password there.",
    ACCEPTED: "Check OUTTRAY_MAIL_FROM, and the user name in OUTTRAY_SMTP_URL.",
}
ENCRYPTIONS = {"smtps": "TLS", "smtp+starttls": "STARTTLS"}
TLS_PORT, OTHER_PORTS = 465, (25, 587)  # encrypted from the first byte, and not (RFC 8314, 3.3 and 7.3)


@dataclass(frozen=True, kw_only=True)
class Step:
    """The result of one step; `technical` is the server's own text."""

    name: str
    state: Literal["passed", "failed", "not used", "not tried"]
    message: str = ""
    technical: str = ""


def try_out(server: SmtpSettings, sender: str, *, is_fixed: bool) -> list[Step]:
    """Returns the results of all STEPS in order; those after the failed one are not tried. Takes up to a minute.

    `is_fixed`: the environment names the server, so the advice names its variables.
    """
    trial = _Trial(server, parseaddr(sender)[1], is_fixed=is_fixed)
    try:
        trial.go()
    except ERRORS as error:
        trial.note_failure(error)
    return trial.steps()


class _Trial:
    """One run through the steps; `_passed` holds the messages of those that passed."""

    def __init__(self, server: SmtpSettings, sender: str, *, is_fixed: bool) -> None:
        self._server, self._sender, self._is_fixed = server, sender, is_fixed
        self._advice = ADVICE_FIXED if is_fixed else ADVICE
        self._passed: dict[str, str] = {}
        self._failed: Step | None = None

    def go(self) -> None:
        found = socket.getaddrinfo(self._server.host, self._server.port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
        is_address = self._server.host in addresses
        self._passed[NAME] = "It is an address." if is_address else f"It is at {', '.join(addresses[:3])}."
        smtp = begin(self._server, SECONDS, self._reached)
        try:
            self._offer_sender(smtp)
        finally:
            with suppress(OSError, SMTPException):
                smtp.quit()
            smtp.close()

    def _reached(self, step: str) -> None:
        self._passed[step] = {
            CONNECTED: f"Port {self._server.port} answered.",
            ENCRYPTED: "Nobody can listen in, and the server proved who it is.",
            SIGNED_IN: f"As {self._server.user}.",
        }[step]

    def _offer_sender(self, smtp: SMTP) -> None:
        """MAIL FROM, then RSET: the server forgets it again."""
        utf8 = needs_utf8(self._sender)
        if utf8 and not smtp.has_extn("smtputf8"):
            self._fail(ACCEPTED, replies.NO_SMTPUTF8)
            return
        smtp.command_encoding = "utf-8" if utf8 else "ascii"
        code, text = smtp.docmd("MAIL", f"FROM:<{wire_form(self._sender)}>{' SMTPUTF8' if utf8 else ''}")
        if code // 100 == 2:
            self._passed[ACCEPTED] = f"{self._sender} may write. Some servers look again when a message comes."
            smtp.docmd("RSET")
        else:
            self._fail(ACCEPTED, self._why(code), replies.technical(code, text))

    def _fail(self, name: str, message: str, technical: str = "") -> None:
        self._failed = Step(name=name, state="failed", message=message, technical=technical)

    def _why(self, code: int) -> str:
        if 400 <= code < 500:
            return f"{replies.LATER} {BUSY}"
        if code == 530:
            where = " into OUTTRAY_SMTP_URL" if self._is_fixed else ""
            return f"The mail server wants a sign-in first. Put a user name and a password{where or ' here'}."
        return f"The mail server does not let {self._sender} write. {self._advice[ACCEPTED]}"

    def note_failure(self, error: Exception) -> None:
        """Marks the first step that was not reached as failed."""
        if ACCEPTED in self._passed:  # it broke off over QUIT
            return
        message, cause, _ = explain(error)
        if cause in ("mail-certificate", "mail-encryption"):  # one call connects and encrypts where smtps:// is set
            self._passed.setdefault(CONNECTED, f"Port {self._server.port} answered.")
        name = next(step for step in STEPS if step not in self._passed and not self._is_left_out(step))
        advice = BUSY if cause == "mail-busy" else self._hint(name) or self._advice[name]
        text = technical(error) if isinstance(error, SMTPResponseException) or str(error) else ""
        self._fail(name, f"{message} {advice}", text)

    def _hint(self, step: str) -> str:
        """Returns advice for the most common mistake: the port of one encryption with the scheme of another."""
        port, is_smtps = self._server.port, self._server.scheme == "smtps"
        if step not in (CONNECTED, ENCRYPTED) or is_smtps == (port == TLS_PORT) or port not in (TLS_PORT, *OTHER_PORTS):
            return ""
        usual = "smtp+starttls" if is_smtps else "smtps"
        if self._is_fixed:
            return f"Port {port} mostly wants {usual}:// at the beginning of OUTTRAY_SMTP_URL."
        return f"Port {port} mostly wants {ENCRYPTIONS[usual]} as its encryption."

    def _is_left_out(self, step: str) -> bool:
        return (step == ENCRYPTED and not self._server.is_encrypted) or (step == SIGNED_IN and not self._server.user)

    def steps(self) -> list[Step]:
        return [self._step(name) for name in STEPS]

    def _step(self, name: str) -> Step:
        if self._failed and self._failed.name == name:
            return self._failed
        if self._is_left_out(name):
            message = NO_ENCRYPTION if name == ENCRYPTED else NO_SIGN_IN
            return Step(name=name, state="not used", message=message)
        if name in self._passed:
            return Step(name=name, state="passed", message=self._passed[name])
        return Step(name=name, state="not tried")
