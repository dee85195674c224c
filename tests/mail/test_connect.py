"""What stands in the way of a connection, told in plain words; what has to be encrypted is."""

import socket
from dataclasses import replace

import pytest

from tests.certificates import Certificate, make
from tests.mail.conftest import letter
from tests.servers import MailServer
from tests.serving import free_port
from tests.waiting import until
from webapp.errors import TaskError
from webapp.mail.connect import connect
from webapp.mail.url import SmtpSettings, read_url

PASSWORD = "pä:ss/w@rd%"
USERS = {"office@example.com": PASSWORD}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Certificate:
    return make(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def trusted(certificate: Certificate, monkeypatch) -> Certificate:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))
    return certificate


def refusal(server: MailServer | SmtpSettings) -> TaskError:
    settings = server if isinstance(server, SmtpSettings) else read_url(server.url)
    with pytest.raises(TaskError) as raised:
        connect(settings)
    assert settings.password == "" or settings.password not in raised.value.message + raised.value.technical
    assert "Settings → Mail, then press Retry." in raised.value.message
    return raised.value


def what(error: TaskError) -> tuple[str, bool]:
    return error.cause, error.permanent


@pytest.mark.parametrize("tls", ["starttls", "tls"])
@pytest.mark.parametrize("mechanisms", ["PLAIN LOGIN", "LOGIN", "CRAM-MD5 PLAIN"])
def test_a_message_goes_encrypted_and_signed_in(trusted, open_sender, tls, mechanisms):
    with MailServer(tls, trusted.chain, USERS, mechanisms=mechanisms, host="localhost") as server:
        sender = open_sender(server, "")
        assert sender.send(letter(), "ana@example.com").state == "sent"
        assert sender.send(letter(), "ben@example.com").state == "sent"
    first, second = server.messages
    assert (first.is_encrypted, first.user, first.sender) == (True, "office@example.com", "office@example.com")
    assert second.is_encrypted
    assert (server.connections, server.sign_ins) == (1, 1)


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_break_in_an_encrypted_connection_is_told_like_any_other(trusted, open_sender, tls):
    with MailServer(tls, trusted.chain, host="localhost") as server:
        sender = open_sender(server)
        for at, state in [("data", "lost"), ("end", "unknown")]:
            server.on(at, drop=True)
            sender.ready()
            assert sender.send(letter(), "ana@example.com").state == state


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_certificate_of_an_unknown_authority_ends_it_before_the_password_is_said(certificate, tls):
    with MailServer(tls, certificate.chain, USERS, host="localhost") as server:
        assert what(refusal(server)) == ("mail-certificate", True)
    assert server.sign_ins == 0


def test_a_certificate_for_another_name_is_refused(trusted):
    with MailServer("starttls", trusted.chain, host="127.0.0.1") as server:
        assert what(refusal(server)) == ("mail-certificate", True)


def test_a_certificate_that_has_expired_is_refused(tmp_path, monkeypatch):
    old = make(tmp_path, days=-2)
    monkeypatch.setenv("SSL_CERT_FILE", str(old.authority))
    with MailServer("tls", old.chain, host="localhost") as server:
        assert what(refusal(server)) == ("mail-certificate", True)


def test_a_server_without_starttls_hears_neither_password_nor_message():
    with MailServer(users=USERS) as server:
        assert what(refusal(replace(read_url(server.url), scheme="smtp+starttls"))) == ("mail-starttls", True)
    assert not [command for command in server.commands if command.upper().startswith(("AUTH", "MAIL"))]


@pytest.mark.parametrize(("say", "permanent"), [("454 4.7.0 not now", False), ("502 no", True)])
def test_a_starttls_that_is_refused_ends_it(trusted, say, permanent):
    with MailServer("starttls", trusted.chain, USERS, host="localhost") as server:
        server.on("starttls", say=say)
        assert refusal(server).permanent is permanent
    assert server.sign_ins == 0


def test_a_wrong_password_is_tried_once_and_told():
    with MailServer(users=USERS) as server:
        error = refusal(replace(read_url(server.url), password="wrong"))
    assert what(error) == ("mail-login", True)
    assert error.message.startswith("The mail server did not accept the password. Ask an admin")
    assert "535 5.7.8" in error.technical
    assert server.sign_ins == 1


def test_a_sign_in_that_is_put_off_may_be_tried_again():
    with MailServer(users=USERS) as server:
        server.on("auth", say="454 4.7.0 Temporary authentication failure")
        assert what(refusal(server)) == ("mail-busy", False)


def test_a_server_without_a_way_to_sign_in_is_named():
    with MailServer(users=USERS, mechanisms="GSSAPI") as server:
        assert what(refusal(server)) == ("mail-login", True)


@pytest.mark.parametrize(
    ("say", "wanted"),
    [
        ("421 busy", ("mail-busy", False)),
        ("554 go away", ("mail-refused", True)),
        ("HTTP/1.1 400", ("mail-unreachable", False)),
    ],
)
def test_a_greeting_that_is_none(server, say, wanted):
    server.on("connect", say=say)
    assert what(refusal(server)) == wanted


@pytest.mark.parametrize("at", ["connect", "ehlo"])
def test_a_server_that_hangs_up_may_be_tried_again(server, at):
    server.on(at, drop=True, times=9)
    assert what(refusal(server)) == ("mail-unreachable", False)


def test_a_server_that_says_nothing_is_not_waited_for_for_ever(server, monkeypatch):
    monkeypatch.setattr("webapp.mail.connect.CONNECT_SECONDS", 0.3)
    server.on("connect", wait=2)
    assert what(refusal(server)) == ("mail-unreachable", False)


def test_a_closed_port_may_be_tried_again():
    assert what(refusal(SmtpSettings(scheme="smtp", host="127.0.0.1", port=free_port()))) == ("mail-unreachable", False)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "x" * 70 + ".invalid"])
def test_a_name_that_nobody_knows_is_told(host, monkeypatch):
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    if len(host) < 64:  # a longer one does not get as far as the name server, which tests do not ask
        monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert what(refusal(SmtpSettings(scheme="smtp", host=host, port=25))) == ("mail-name", False)


def test_encryption_spoken_to_a_server_that_has_none_is_told(server):
    assert refusal(SmtpSettings(scheme="smtps", host="127.0.0.1", port=server.port)).cause == "mail-encryption"


def test_a_connection_that_was_refused_is_closed():
    with MailServer(users=USERS) as server:
        refusal(replace(read_url(server.url), password="wrong"))
        until(lambda: server.connections_now == 0)
