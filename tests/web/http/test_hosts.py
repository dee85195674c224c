"""OUTTRAY_TRUSTED_HOSTS and OUTTRAY_TRUSTED_PROXIES: what a request may say of its host and of its client."""

import socket
import threading
from collections.abc import Iterator

import httpx
import pytest
from fastapi.testclient import TestClient

from tests.factories import make_person
from tests.waiting import until
from webapp.app import create_app
from webapp.db.migrate import bring_up_to_date
from webapp.errors import UserError
from webapp.installation import Installation, build
from webapp.serving.server import make_server, serve
from webapp.settings import Settings, load

TRUSTED = ("outtray.example.com", "*.office.lan", "[fd00::1]")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("outtray.example.com", 200),
        ("OUTTRAY.example.com:8000", 200),
        ("a.office.lan", 200),
        ("base.example:8443", 200),
        ("localhost:8000", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("[fd00::1]", 200),
        ("evil.example", 400),
        ("office.lan", 400),
        ("evil.example#outtray.example.com", 400),
        ("outtray.example.com.evil.example", 400),
        ("xoffice.lan", 400),
        ("outtray.example.com@evil.example", 400),
        ("[::1", 400),
        ("", 400),
    ],
)
def test_only_trusted_hosts_are_answered(installation: Installation, host: str, status: int):
    changed = {"trusted_hosts": TRUSTED, "base_url": "https://base.example:8443"}
    installation.settings = installation.settings.model_copy(update=changed)
    browser = TestClient(create_app(installation), base_url="http://testserver", follow_redirects=False)
    answer = browser.get("/healthz", headers={"Host": host})
    assert answer.status_code == status
    assert "default-src" in answer.headers["content-security-policy"]


def test_any_host_is_answered_by_default(client: TestClient):
    assert client.get("/healthz", headers={"Host": "any.example"}).status_code == 200


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TRUSTED_HOSTS", "https://a.example"),
        ("TRUSTED_HOSTS", "a b"),
        ("TRUSTED_HOSTS", "*"),
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("TRUSTED_PROXIES", "proxy.example"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_variable(monkeypatch: pytest.MonkeyPatch, variable: str, value: str):
    monkeypatch.setenv(f"OUTTRAY_{variable}", value)
    with pytest.raises(UserError, match=f"^OUTTRAY_{variable}: must be "):
        load()


@pytest.fixture(params=[(), ("10.0.0.0/8",), ("127.0.0.1",), ("127.0.0.0/8", "10.0.0.1")], ids=str)
def proxied(request: pytest.FixtureRequest, settings: Settings) -> Iterator[tuple[httpx.Client, bool]]:
    """A real server behind a proxy on this machine, and whether that proxy is trusted."""
    settings = settings.model_copy(update={"trusted_proxies": request.param})
    installation = build(settings)
    bring_up_to_date(installation.database)
    with installation.write() as conn:
        make_person(conn, settings, "root@example.com", role="admin")
    installation.close()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = make_server(settings, needs_slots=False)
        thread = threading.Thread(target=serve, args=(server, listening))
        thread.start()
        until(lambda: server.started)
        with httpx.Client(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}") as client:
            yield client, any(proxy.startswith("127.") for proxy in request.param)
        server.should_exit = True
        thread.join()


def test_only_a_trusted_proxy_is_believed(proxied: tuple[httpx.Client, bool], caplog: pytest.LogCaptureFixture):
    client, is_trusted = proxied
    told = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
    answer = client.get("/login", headers=told)
    assert ("strict-transport-security" in answer.headers) is is_trusted
    given = {"email": "root@example.com", "password": "wrong"}
    client.post("/login", data=given, headers={**told, "Sec-Fetch-Site": "same-origin"})
    [line] = [one.getMessage() for one in caplog.records if one.name == "outtray.sign_in"]
    assert ("203.0.113.7" if is_trusted else "127.0.0.1") in line
