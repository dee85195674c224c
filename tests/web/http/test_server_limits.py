"""The server ends what a client sends too slowly or too much, before any route is found."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.waiting import until
from webapp.serving import limits
from webapp.serving.server import Server, make_server, serve
from webapp.settings import Settings


class Panel:
    """A server in a thread, and raw connections to it."""

    def __init__(self, server: Server, port: int) -> None:
        self.server, self._port = server, port

    def connect(self, sent: bytes = b"") -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self._port), timeout=20)
        made.sendall(sent)
        return made

    def ask(self, sent: bytes) -> bytes:
        """Returns everything that comes back until the server closes."""
        with self.connect() as made:
            with contextlib.suppress(ConnectionError):  # refused midway
                made.sendall(sent)
            return read_all(made)

    @property
    def connections(self) -> int:
        return len(self.server.server_state.connections)


def read_all(made: socket.socket) -> bytes:
    found = b""
    with contextlib.suppress(ConnectionError):
        while piece := made.recv(65_536):
            found += piece
    return found


@pytest.fixture
def panel(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Panel]:
    for name in ("HEAD_SECONDS", "REST_SECONDS", "STALL_SECONDS"):
        monkeypatch.setattr(limits, name, 0.5)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = make_server(settings, needs_slots=False)
        thread = threading.Thread(target=serve, args=(server, listening))
        thread.start()
        until(lambda: server.started)
        yield Panel(server, listening.getsockname()[1])
        server.should_exit = True
        thread.join()


HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
        (HEAD + b"X-One: " + b"x" * 17_000 + b"\r\n\r\n", 431),
        (HEAD + b"".join(b"X-%d: 1\r\n" % n for n in range(2_000)) + b"\r\n", 431),
        (b"GET /" + b"x" * 3_000_000, 414),
        (HEAD + b"X-One: " + b"x" * 3_000_000, 431),
        (HEAD + b"x" * 3_000_000, 431),
    ],
    ids=["long address", "long header", "many headers", "endless address", "endless header", "endless header name"],
)
def test_a_head_that_is_too_large_is_refused(panel: Panel, sent: bytes, status: int):
    assert panel.ask(sent).startswith(b"HTTP/1.1 %d " % status)
    until(lambda: panel.connections == 0)


def test_a_head_up_to_the_limit_is_answered(panel: Panel):
    long = b"GET /healthz?" + b"x" * 7_900 + b" HTTP/1.1\r\nHost: localhost\r\nX-One: " + b"x" * 16_000
    assert panel.ask(long + b"\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET",
        HEAD,
        HEAD + b"\r\n" + HEAD,
        b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\na",
        b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\na",
        HEAD + b"Content-Length: 5000000\r\n\r\na",
    ],
    ids=[
        "silent",
        "a method",
        "half a head",
        "half a second head",
        "body too large",
        "body for nobody",
        "body of a GET",
    ],
)
def test_many_connections_that_stand_still_are_closed(panel: Panel, sent: bytes):
    many = [panel.connect(sent) for _ in range(50)]
    for one in many:
        read_all(one)
        one.close()
    until(lambda: panel.connections == 0)


def test_a_client_that_sends_on_and_on_after_its_answer_is_cut_off(panel: Panel):
    made = panel.connect(b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500000000\r\n\r\n")
    sent, end = 0, time.monotonic() + 20
    with contextlib.suppress(ConnectionError):
        while time.monotonic() < end:
            sent += made.send(b"x" * 1_000)
    assert sent < 500_000_000
    until(lambda: panel.connections == 0)
    assert time.monotonic() < end


def test_a_client_that_takes_nothing_of_its_answers_is_cut_off(panel: Panel):
    made = panel.connect()
    made.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            made.send(b"GET /static/app.css HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100)
    until(lambda: panel.connections == 0)
    made.close()


def test_a_connection_is_used_again_after_an_answer(panel: Panel):
    made = panel.connect()
    for _ in range(3):
        made.sendall(b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\na=1")
        found = b""
        while b"</html>" not in found:
            found += made.recv(65_536)
        assert found.startswith(b"HTTP/1.1 404 ")
    made.close()


def test_more_connections_than_the_limit_are_refused(panel: Panel, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "CONNECTIONS", 3)
    monkeypatch.setattr(limits, "HEAD_SECONDS", 20)
    held = [panel.connect() for _ in range(3)]
    until(lambda: panel.connections == 3)
    assert panel.ask(HEAD + b"\r\n").startswith(b"HTTP/1.1 503 ")
    held.pop().close()
    until(lambda: panel.connections == 2)
    assert panel.ask(HEAD + b"Connection: close\r\n\r\n").startswith(b"HTTP/1.1 200 ")
    for one in held:
        one.close()
