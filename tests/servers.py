"""A real SMTP server that records accepted messages, and has the faults that a test asks for."""

import contextlib
import socket
import ssl
import threading
from collections import Counter
from pathlib import Path
from typing import Self
from urllib.parse import quote

from tests.conversation import Conversation, Fault, Received


class MailServer:
    """`with MailServer() as server:` listens on a free port until the block ends.

    `tls` is none, starttls or tls (with `chain`, a PEM file); `users` maps names to passwords and makes a sign-in
    obligatory; `extensions` are offered after EHLO. `pause` (s) goes before the answer to each whole message.
    """

    def __init__(
        self,
        tls: str = "none",
        chain: Path | None = None,
        users: dict[str, str] | None = None,
        extensions: tuple[str, ...] = ("8BITMIME", "SIZE 20000000"),
        mechanisms: str = "PLAIN LOGIN",
        host: str = "127.0.0.1",
    ) -> None:
        self.tls, self.users, self.extensions, self.mechanisms, self.host = tls, users, extensions, mechanisms, host
        self.pause = 0.0
        self.careless = False  # says 354 also where every recipient was refused
        self.messages: list[Received] = []
        self.commands: list[str] = []
        self.connections = self.most_connections = self.sign_ins = 0
        self._open: set[Conversation] = set()
        self._faults: list[Fault] = []
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if chain:
            self.context.load_cert_chain(chain)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *why: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        self.break_connections()

    @property
    def url(self) -> str:
        """The value for OUTTRAY_SMTP_URL, with the first user's name and password."""
        scheme = {"none": "smtp", "starttls": "smtp+starttls", "tls": "smtps"}[self.tls]
        users = self.users or {}
        who = next((f"{quote(name, safe='')}:{quote(word, safe='')}@" for name, word in users.items()), "")
        return f"{scheme}://{who}{self.host}:{self.port}"

    def on(self, at: str, to: str = "*", **what: object) -> None:
        """Adds a fault at a step: connect, ehlo, starttls, auth, mail, rcpt, data, content, end, rset, noop.

        `to`: only for this recipient (from rcpt on). `say`: the answer, such as "550 5.1.1 Who?". `drop`: breaks the
        connection instead of answering: at data before the 354, at content after it and before the message was read
        (also with `say`), at end after it was read (`taken`: and recorded). `wait`: seconds before the answer.
        `times`: how often it happens (inf: always). `nth`: only when the step is reached for this time (from 1).
        """
        self._faults.append(Fault(at, to, **what))  # type: ignore[arg-type]

    def counts(self) -> Counter[str]:
        """Returns the number of messages per recipient."""
        with self._lock:
            return Counter(message.to for message in self.messages)

    @property
    def connections_now(self) -> int:
        return len(self._open)

    def break_connections(self) -> None:
        """Ends every open connection, as a restart of the server does."""
        with self._lock:
            for conversation in self._open:
                conversation.break_off()

    def keep(self, message: Received) -> None:
        with self._lock:
            self.messages.append(message)

    def fault(self, at: str, to: str) -> Fault | None:
        """Returns the fault for this step of this message."""
        with self._lock:
            self._seen[at] += 1
            for fault in self._faults:
                here = fault.at == at and fault.to in ("*", to) and fault.times >= 1
                if here and fault.nth in (0, self._seen[at]):
                    fault.times -= 1
                    return fault
        return None

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        conversation = Conversation(self, connection)
        with self._lock:
            self.connections += 1
            self._open.add(conversation)
            self.most_connections = max(self.most_connections, len(self._open))
        conversation.run()
        with self._lock:
            self._open.discard(conversation)
