"""Sends messages to a mail server over one connection, in steps, so that it is known where a connection broke."""

import select
from dataclasses import dataclass
from email.utils import parseaddr
from smtplib import SMTP, SMTPException
from typing import Self

from webapp import clock
from webapp.mail import replies
from webapp.mail.connect import connect
from webapp.mail.connection_limit import ConnectionLimit
from webapp.mail.envelope import commands, dotted, hear_all, say_all
from webapp.mail.recipients import needs_utf8, wire_form
from webapp.mail.replies import Step, refused, technical
from webapp.mail.url import SmtpSettings, read_sender
from webapp.ports.deliveries import MailTarget, Message, Reply, ReplyState

QUIT_SECONDS = 5.0
IDLE_SECONDS = 10.0  # after which the server is asked whether it is still there


@dataclass(frozen=True, kw_only=True)
class Patience:
    """Seconds to wait for a server, as RFC 5321, 4.5.3.2 asks: servers may think long over an address."""

    command: float = 300.0
    data: float = 120.0
    block: float = 180.0
    reply: float = 600.0


class SmtpServer(MailTarget):
    """ports.MailTarget over smtplib; connects in `ready`, and sends QUIT when the block ends."""

    def __init__(
        self,
        server: SmtpSettings,
        *,
        sender: str = "",
        patience: Patience | None = None,
        limit: ConnectionLimit | None = None,
        name: str = "",
    ) -> None:
        self.name = name or name_of(server)
        self.rate = server.rate
        self.sender = sender or read_sender("", server)
        self._server = server
        self._patience = patience or Patience()
        self._from = wire_form(parseaddr(self.sender)[1])
        self._limit = limit
        self._smtp: SMTP | None = None
        self._used = 0.0
        self._begun = ""  # the recipient whose MAIL, RCPT and DATA are sent and unanswered
        self._size = 0  # of the last message, in bytes: announced for the next one, if that is begun early
        self._taken = 0  # messages that went through this connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *why: object) -> None:
        self.step_aside()

    def admit(self) -> bool:
        if self._limit is None or self._limit.take():
            return True
        self._close()  # its permit is another process's now
        return False

    def is_wanted(self) -> bool:
        return self._limit is not None and self._limit.is_wanted()

    def step_aside(self) -> None:
        self._close()
        if self._limit is not None:
            self._limit.give_back()

    def ready(self) -> None:
        """Connects and signs in, if it is not connected; raises TaskError."""
        if self._server.per_connection and self._taken >= self._server.per_connection:
            self._close()
        if self._smtp is not None and self._is_alive(self._smtp):
            return
        self._drop()
        self._smtp = connect(self._server)
        self._used, self._taken = clock.monotonic(), 0

    def begin(self, to: str) -> None:
        """Offers the next message in one go, so that the server thinks while the ledger writes."""
        smtp = self._smtp
        if smtp is None or self._begun or not smtp.has_extn("pipelining") or needs_utf8(to, self._from):
            return
        try:
            say_all(smtp, commands(smtp, self._from, wire_form(to), self._size, utf8=False))
        except (OSError, SMTPException):
            return self._drop()
        self._begun = to

    def give_up(self) -> None:
        """Closes the connection if a message was begun: nothing else ends DATA without sending it."""
        if self._begun:
            self._drop()

    def send(self, message: Message, to: str) -> Reply:
        """Sends one message to one envelope recipient; never raises for what a server may do."""
        smtp = self._smtp
        if smtp is None:
            return Reply(ReplyState.LOST, replies.LOST)
        if message.utf8 and not smtp.has_extn("smtputf8"):
            return Reply(ReplyState.FAILED, replies.NO_SMTPUTF8)
        content = dotted(message.content)
        self._taken += 1
        self._size = len(content)
        if self._begun not in ("", to):
            self.give_up()
            return Reply(ReplyState.LOST, replies.LOST)
        try:
            refusal = self._offer(smtp, wire_form(to), len(content), utf8=message.utf8)
        except (OSError, SMTPException) as error:
            return self._broke(ReplyState.LOST, replies.LOST, error)
        if refusal is not None:
            return refusal
        return self._hand_over(smtp, content)

    def _offer(self, smtp: SMTP, to: str, size: int, *, utf8: bool) -> Reply | None:
        """Sends MAIL, RCPT and DATA up to its 354; returns the server's refusal, or None."""
        lines = commands(smtp, self._from, to, size, utf8=utf8)
        if smtp.has_extn("pipelining"):
            if not self._begun:
                say_all(smtp, lines)
            self._begun = ""
            return self._hear_all(smtp)
        for step, command in lines.items():
            smtp.send(f"{command}\r\n")
            if refusal := self._answer(smtp, step):
                return self._refused(smtp, step, *refusal)
        return None

    def _hear_all(self, smtp: SMTP) -> Reply | None:
        refusal, waits = hear_all(lambda step: self._answer(smtp, step))
        if waits:
            self._drop()  # anything sent now would be taken as the message
        return self._refused(smtp, *refusal) if refusal else None

    def _answer(self, smtp: SMTP, step: Step) -> tuple[int, bytes] | None:
        """Reads the reply to one step; returns it if it is a refusal, else None."""
        seconds, expected = (self._patience.data, 3) if step == "DATA" else (self._patience.command, 2)
        self._wait_at_most(smtp, seconds)
        code, text = smtp.getreply()
        return None if code // 100 == expected else (code, text)

    def _hand_over(self, smtp: SMTP, content: bytes) -> Reply:
        """Sends the content; if the connection breaks here, it is unknown whether the server took the message."""
        try:
            code, text = self._write(smtp, content)
        except (OSError, SMTPException) as error:
            return self._broke(ReplyState.UNKNOWN, replies.UNKNOWN, error)
        if 200 <= code < 300:
            self._used = clock.monotonic()
            return Reply(ReplyState.SENT, replies.SENT, technical(code, text))
        return self._refused(smtp, "message", code, text)

    def _write(self, smtp: SMTP, content: bytes) -> tuple[int, bytes]:
        """Returns the server's reply to the content, also one that came before all of it was sent."""
        assert smtp.sock is not None
        try:
            self._wait_at_most(smtp, self._patience.block)
            smtp.sock.sendall(content)
        except OSError:
            self._wait_at_most(smtp, QUIT_SECONDS)
            code, text = smtp.getreply()
            if code < 400:
                raise
            return code, text
        self._wait_at_most(smtp, self._patience.reply)
        return smtp.getreply()

    def _refused(self, smtp: SMTP, step: Step, code: int, text: bytes) -> Reply:
        if not 400 <= code < 600:  # no valid reply: this is no mail server
            self._drop()
            if step == "message":
                return Reply(ReplyState.UNKNOWN, replies.UNKNOWN, technical(code, text))
            return Reply(ReplyState.LOST, replies.LOST, technical(code, text))
        if code == 421:  # the server is closing the connection (RFC 5321, 3.8)
            self._drop()
        elif self._smtp is not None:
            self._reset(smtp)
        return refused(step, code, text)

    def _reset(self, smtp: SMTP) -> None:
        """Resets the transaction, so that the connection takes the next message."""
        try:
            code, _ = smtp.docmd("RSET")
        except (OSError, SMTPException):
            code = 0
        if code != 250:
            self._drop()
        self._used = clock.monotonic()

    def _is_alive(self, smtp: SMTP) -> bool:
        """Asks the server only if it sent something unasked, or after IDLE_SECONDS."""
        if clock.monotonic() - self._used < IDLE_SECONDS and not _has_unread(smtp):
            return True
        try:
            self._wait_at_most(smtp, QUIT_SECONDS)
            code, _ = smtp.docmd("NOOP")
        except (OSError, SMTPException):
            return False
        self._used = clock.monotonic()
        return code == 250

    def _broke(self, state: ReplyState, message: str, error: Exception) -> Reply:
        self._drop()
        return Reply(state, message, f"{type(error).__name__}: {error}")

    def _wait_at_most(self, smtp: SMTP, seconds: float) -> None:
        if smtp.sock is not None:
            smtp.sock.settimeout(seconds)

    def _close(self) -> None:
        self.give_up()
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        try:
            self._wait_at_most(smtp, QUIT_SECONDS)
            smtp.quit()
        except (OSError, SMTPException):
            smtp.close()

    def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        self._begun = ""
        if smtp is not None:
            smtp.close()


def name_of(server: SmtpSettings) -> str:
    """Returns the name under which all runs share this server's rate and connections."""
    return f"smtp:{server.host}:{server.port}"


def _has_unread(smtp: SMTP) -> bool:
    if smtp.sock is None:
        return True
    poll = select.poll()
    poll.register(smtp.sock, select.POLLIN | select.POLLHUP | select.POLLERR)
    return bool(poll.poll(0))
