"""One connection of the test mail server: its answers, and its faults."""

import base64
import contextlib
import re
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.servers import MailServer

VERBS = {"EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT"}


@dataclass(frozen=True)
class Received:
    """One accepted message: the envelope, and the content as it was received, without dot stuffing."""

    sender: str
    to: str
    content: bytes
    is_encrypted: bool
    user: str


@dataclass
class Fault:
    """A fault at one step: another answer, a delay, or a broken connection."""

    at: str
    to: str = "*"
    say: str = ""
    drop: bool = False
    wait: float = 0.0
    times: float = 1.0
    nth: int = 0
    taken: bool = False

    @property
    def accepts_the_message(self) -> bool:
        return self.taken or (not self.drop and (self.say or "2").startswith("2"))


class Gone(Exception):
    """The client has quit or the connection is broken."""


class Conversation:
    """One client's connection."""

    def __init__(self, server: "MailServer", connection: socket.socket) -> None:
        self.server, self.line = server, connection
        self.file = connection.makefile("rb")
        self.is_encrypted, self.user, self.sender, self.to = False, "", "", ""

    def run(self) -> None:
        """Answers until the client quits or the connection breaks."""
        try:
            with contextlib.suppress(Gone, OSError):
                self._converse()
        finally:
            self.file.close()
            self.line.close()

    def break_off(self) -> None:
        """Closes the connection; may be called from another thread."""
        with contextlib.suppress(OSError):
            self.line.shutdown(socket.SHUT_RDWR)

    def _converse(self) -> None:
        if self.server.tls == "tls":
            self._encrypt()
        self._answer("connect", "220 test ESMTP")
        while command := self.file.readline(2000):
            text = command.decode("utf-8", "replace").strip()
            self.server.commands.append(text)
            verb, _, rest = text.partition(" ")
            step = getattr(self, f"_{verb.lower()}", None) if verb.upper() in VERBS else None
            if step is None:
                self._say("500 5.5.2 What?")
            else:
                step(rest)

    def _ehlo(self, _: str) -> None:
        lines = ["test", *self.server.extensions]
        if self.server.tls == "starttls" and not self.is_encrypted:
            lines.append("STARTTLS")
        elif self.server.users:
            lines.append(f"AUTH {self.server.mechanisms}")
        whole = [f"250-{line}" for line in lines[:-1]] + [f"250 {lines[-1]}"]
        self._answer("ehlo", "\r\n".join(whole))

    def _helo(self, _: str) -> None:
        self._answer("ehlo", "250 test")

    def _starttls(self, _: str) -> None:
        if self._answer("starttls", "220 go on"):
            self._encrypt()

    def _auth(self, rest: str) -> None:
        mechanism, _, first = rest.partition(" ")
        if mechanism == "PLAIN":
            _, user, password = base64.b64decode(first).decode().split("\0")
        elif mechanism == "LOGIN":
            user = base64.b64decode(first).decode()
            self._say("334 UGFzc3dvcmQ6")
            password = base64.b64decode(self.file.readline()).decode()
        else:
            return self._say("504 5.5.4 unknown mechanism")
        self.server.sign_ins += 1
        is_right = (self.server.users or {}).get(user) == password
        if self._answer("auth", "235 2.7.0 welcome" if is_right else "535 5.7.8 Authentication credentials invalid"):
            self.user = user

    def _mail(self, rest: str) -> None:
        if self.server.users and not self.user:
            return self._say("530 5.7.0 Authentication required")
        self.sender = _address(rest) if self._answer("mail", "250 2.1.0 Ok") else ""

    def _rcpt(self, rest: str) -> None:
        if not self.sender and not self.server.careless:
            return self._say("503 5.5.1 MAIL first")
        self.to = _address(rest)
        if not self._answer("rcpt", "250 2.1.5 Ok"):
            self.to = ""

    def _data(self, _: str) -> None:
        if not self.to and not self.server.careless:
            return self._say("503 5.5.1 no recipient")
        if not self._answer("data", "354 End data with <CR><LF>.<CR><LF>"):
            return
        if fault := self._fault("content"):
            self._do(fault, "")
            raise Gone
        message = Received(self.sender, self.to, self._content(), self.is_encrypted, self.user)
        time.sleep(self.server.pause)
        fault = self._fault("end")
        if fault is None or fault.accepts_the_message:
            self.server.keep(message)
        self.to = ""
        self._do(fault, "250 2.0.0 Ok: queued")

    def _content(self) -> bytes:
        lines = []
        while (line := self.file.readline()) != b".\r\n":
            if not line:
                raise Gone
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def _rset(self, _: str) -> None:
        self.to = ""
        self._answer("rset", "250 2.0.0 Ok")

    def _noop(self, _: str) -> None:
        self._answer("noop", "250 2.0.0 Ok")

    def _quit(self, _: str) -> None:
        self._say("221 2.0.0 Bye")
        raise Gone

    def _fault(self, at: str) -> Fault | None:
        return self.server.fault(at, self.to)

    def _answer(self, at: str, usual: str) -> bool:
        """Returns whether the answer was positive."""
        return self._do(self._fault(at), usual)

    def _do(self, fault: Fault | None, usual: str) -> bool:
        if fault and fault.wait:
            time.sleep(fault.wait)
        if fault and fault.drop:
            raise Gone
        words = fault.say if fault and fault.say else usual
        self._say(words)
        if words.startswith("421"):
            raise Gone
        return words[0] in "23"

    def _say(self, words: str) -> None:
        self.line.sendall(words.encode() + b"\r\n")

    def _encrypt(self) -> None:
        self.file.close()
        self.line = self.server.context.wrap_socket(self.line, server_side=True)
        self.file = self.line.makefile("rb")
        self.is_encrypted = True


def _address(rest: str) -> str:
    found = re.search(r"<(.*)>", rest)
    return found[1] if found else ""
