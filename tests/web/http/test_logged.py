"""What the log says of requests: the template of a path, never a path; nothing of clients that break off."""

import io
import logging
import socket
import threading
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from tests.waiting import until
from webapp import logs
from webapp.app import create_app
from webapp.installation import Installation
from webapp.serving.server import make_server, serve
from webapp.settings import Settings
from webapp.web.http import catch_all

SECRETS = ("/hooks/s3cret-hook", "/invite/s3cret-invitation", "/setup/s3cret", "/unsubscribe/s3cret", "/login")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What goes to the log, as text."""
    stream, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.TextLines())
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)


@pytest.fixture
def port(settings: Settings) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = make_server(settings, needs_slots=False)
        thread = threading.Thread(target=serve, args=(server, listening))
        thread.start()
        until(lambda: server.started)
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize("path", SECRETS)
def test_a_client_that_breaks_off_while_it_posts_is_no_error(port: int, log: io.StringIO, monkeypatch, path: str):
    ended = threading.Event()
    original = catch_all.CatchAllMiddleware.__call__

    async def call(self, scope, receive, send):
        try:
            await original(self, scope, receive, send)
        finally:
            ended.set()

    monkeypatch.setattr(catch_all.CatchAllMiddleware, "__call__", call)
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 100\r\n"
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\na=1".encode())
    assert ended.wait(15)
    assert "ERROR" not in log.getvalue()
    assert "s3cret" not in log.getvalue()


@pytest.mark.parametrize("path", [*SECRETS[:-1], "/nowhere%0a2026-11-25 ERROR forged/s3cret"])
def test_an_error_is_logged_with_the_template_of_its_path(
    installation: Installation, log: io.StringIO, monkeypatch: pytest.MonkeyPatch, path: str
):
    def broken(*args: object, **more: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("webapp.web.http.security.is_foreign", broken)
    client = TestClient(create_app(installation), raise_server_exceptions=False)
    assert client.post(path).status_code == 500
    assert "s3cret" not in log.getvalue()
    assert "forged" not in log.getvalue()
    first = path.split("/")[1].split("%")[0]
    assert (f"POST /{first}/{{" if path in SECRETS else "POST (no route)") in log.getvalue()


def test_a_message_is_one_line(log: io.StringIO):
    logging.getLogger("outtray").warning("a %s", "b\nc\x1b[31m\u2028d")
    assert log.getvalue().endswith("a b\\nc\\x1b[31m\\u2028d\n")
    assert log.getvalue().count("\n") == 1
