"""Sending to a place through Apprise: what each answer of a real server means, and which addresses are called."""

import socket
import ssl

import pytest

from tests import certificates
from tests.growth import calls_too_much, texts
from tests.notify.targets import Hook
from webapp.errors import UserError
from webapp.notify import channels, guard
from webapp.notify.services import SERVICES, url_of
from webapp.ports.deliveries import ReplyState


@pytest.fixture
def hook():
    with Hook() as running:
        yield running


def send(url, title="Hello", body="The parcel is **here**", internal=True, files=()):
    return channels.send(url, channels.Outgoing(title=title, body=body, files=files), internal=internal)


def test_a_webhook_gets_title_and_message(hook):
    assert send(hook.url()).state == "sent"
    ((_, got),) = hook.got
    assert (got["title"], "parcel" in got["message"]) == ("Hello", True)


@pytest.mark.parametrize(
    ("query", "priority", "told"),
    [("", "low", 0), ("", "normal", 5), ("", "high", 8), ("", "urgent", 10), ("?priority=low", "urgent", 0)],
)
def test_a_service_is_told_how_much_it_matters_in_its_own_way(hook, query, priority, told):
    url = hook.url(f"/token-of-the-application{query}", "gotify")
    outgoing = channels.Outgoing(title="T", body="Hi", priority=priority)
    assert channels.send(url, outgoing, internal=True).state == "sent"
    assert hook.got[-1][1]["priority"] == told


@pytest.mark.parametrize(
    ("status", "headers", "state", "after"),
    [
        (500, {}, "later", None),
        (503, {"Retry-After": "7"}, "later", 7.0),
        (429, {"Retry-After": "120"}, "later", 120.0),
        (429, {"Retry-After": "999999"}, "later", 7200.0),
        (400, {}, "failed", None),
        (401, {}, "failed", None),
        (404, {}, "failed", None),
        (413, {}, "failed", None),
        (302, {"Location": "/elsewhere"}, "failed", None),
    ],
)
def test_every_answer_has_its_meaning(hook, status, headers, state, after):
    hook.on("/hook", status=status, headers=headers)
    reply = send(hook.url())
    assert (reply.state, reply.after) == (state, after)
    assert reply.technical == f"HTTP {status}"


def test_redirects_are_not_followed(hook):
    hook.on("/hook", status=307, headers={"Location": f"http://127.0.0.1:{hook.port}/hook"})
    assert send(hook.url()).words == "It sends on to another address, which is not followed."
    assert hook.asked == ["/hook"]


def test_what_may_have_arrived_is_unknown(hook, monkeypatch):
    hook.on("/hook", drop=True, times=1)
    assert send(hook.url()).state == "unknown"
    monkeypatch.setattr(channels, "SECONDS", 0.5)
    hook.on("/slow", wait=2)
    assert send(hook.url("/slow")).state == "unknown"


def test_an_answer_that_never_comes_to_its_end_is_given_up(hook, monkeypatch):
    monkeypatch.setattr(channels, "SECONDS", 0.5)
    hook.on("/drip", drip=True)
    assert send(hook.url("/drip")) == channels.Reply(ReplyState.UNKNOWN, channels.SLOW)


def test_without_a_connection_it_is_tried_later(hook):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert send(f"json://127.0.0.1:{port}/x").state == "later"


def test_a_certificate_that_is_not_valid_is_refused(tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.make(tmp_path).chain)
    with Hook(context) as secure:
        reply = send(secure.url(scheme="jsons"))
    assert (reply.state, secure.got) == ("failed", [])
    assert "certificate" in reply.words


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "127.1"])
def test_an_internal_address_is_not_called_unless_that_is_allowed(hook, host):
    url = f"json://{host}:{hook.port}/hook"
    reply = send(url, internal=False)
    assert reply.state == "failed"
    assert hook.asked == []


def test_a_name_that_turns_out_to_be_internal_is_not_called(hook, monkeypatch):
    """DNS rebinding: what counts is the address that is connected to."""
    real = socket.getaddrinfo
    answers = iter(["93.184.216.34", "127.0.0.1", "127.0.0.1", "127.0.0.1"])

    def rebound(host, port, *args, **more):
        if host == "rebind.example.com":
            return real(next(answers), port, *args, **more)
        return real(host, port, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    socket.getaddrinfo("rebind.example.com", 80)  # an earlier look-up saw a public one
    reply = send(f"json://rebind.example.com:{hook.port}/hook", internal=False)
    assert (reply.state, reply.words, hook.asked) == ("failed", guard.REFUSED, [])


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "syslog://", "dbus://", "exec://x", "nothing", "http//x", "mqtt://127.0.0.1"]
)
def test_only_schemas_that_send_somewhere_are_taken(url):
    with pytest.raises(UserError):
        channels.describe(url)


GOOD = {
    "slack": {"address": "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"},
    "discord": {"address": "https://discord.com/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"},
    "teams": {"address": "https://prod-1.westeurope.logic.azure.com:443/workflows/abcdef0123/triggers/manual/paths/invoke?api-version=2016-06-01&sp=x&sv=1.0&sig=secretsecret"},
    "telegram": {"token": "123456789:abcdefg_hijklmnop", "chat": "12315544"},
    "googlechat": {"address": "https://chat.googleapis.com/v1/spaces/AAAA/messages?key=KKKK&token=TTTT"},
    "mattermost": {"address": "https://chat.example.com/hooks/3ccdd113474722377935511fc85d3dd4"},
    "ntfy": {"address": "https://ntfy.sh", "topic": "orders", "token": ""},
    "gotify": {"address": "https://push.example.com:8443", "token": "AbCdEfGhIjKlMnO"},
    "pushover": {"user": "u" * 30, "token": "t" * 30},
    "email": {"user": "office@example.com", "password": "p@ss/w:rd", "to": "boss@example.com", "server": ""},
    "json": {"address": "https://example.com/hook?key=1"},
    "twilio": {"account": "AC" + "a" * 32, "token": "b" * 32, "sender": "+15551234567", "to": "+15557654321"},
    "other": {"address": "tgram://123456789:abcdefg_hijklmnop/12315544"},
}  # fmt: skip


@pytest.mark.parametrize("service", SERVICES)
def test_plain_fields_become_an_address_that_apprise_takes(service):
    name, takes = channels.describe(url_of(service, GOOD[service]))
    assert name
    assert takes.is_sms is (service == "twilio")


@pytest.mark.parametrize("service", [name for name in SERVICES if name != "other"])
def test_what_is_missing_or_no_address_is_said_beside_its_field(service):
    first = SERVICES[service].fields[0].name
    with pytest.raises(UserError) as raised:
        url_of(service, {**GOOD[service], first: ""})
    assert raised.value.field == first
    with pytest.raises(UserError):
        url_of(service, {**GOOD[service], first: "two words"})


@pytest.mark.parametrize(
    ("url", "title", "body"),
    [
        ("mailtos://a:b@example.com?to=c@example.com", "A <b>", "<p>The parcel is <strong>here</strong></p>\n"),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/?format=html", "A &lt;b&gt;", "<p>The parcel is <strong>here"),
        ("json://localhost", "A <b>", "The parcel is **here**"),
    ],
)
def test_markdown_becomes_html_for_services_that_take_html(url, title, body):
    outgoing = channels.Outgoing(title="A <b>", body="The parcel is **here**")
    made_title, made_body, _ = channels.content(channels._plugin(url), outgoing)
    assert made_title == title
    assert made_body.startswith(body)


def test_html_for_services_takes_work_in_proportion_to_the_message():
    plugin = channels._plugin("mailtos://a:b@example.com?to=c@example.com")

    def work(text):
        return channels.content(plugin, channels.Outgoing(title="", body=text))

    for what, text in texts(("[", "![", "[[", "<a ", "[a](", "=\n")).items():
        assert not calls_too_much(work, text, 400), what
