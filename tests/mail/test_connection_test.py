"""A mail server is tried step by step: what passed, what failed, and that nothing is sent."""

from dataclasses import replace

import pytest

from tests.certificates import Certificate, make
from tests.servers import MailServer
from tests.serving import free_port
from tests.waiting import until
from webapp.mail.connection_test import STEPS, Step, try_out
from webapp.mail.url import SmtpSettings, read_url

USERS = {"office@example.com": "p4ss-w0rd"}


@pytest.fixture
def trusted(tmp_path, monkeypatch) -> Certificate:
    certificate = make(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))
    return certificate


def trial(
    server: MailServer | SmtpSettings, sender: str = "Office <office@example.com>", *, is_fixed: bool = True
) -> list[Step]:
    settings = server if isinstance(server, SmtpSettings) else read_url(server.url)
    steps = try_out(settings, sender, is_fixed=is_fixed)
    assert tuple(step.name for step in steps) == STEPS
    assert "p4ss-w0rd" not in str(steps)
    return steps


def states(steps: list[Step]) -> list[str]:
    return [step.state for step in steps]


def failed(steps: list[Step]) -> Step:
    (found,) = (step for step in steps if step.state == "failed")
    behind = steps[steps.index(found) + 1 :]
    assert {step.state for step in behind} <= {"not tried", "not used"}
    return found


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_good_server_takes_every_step_and_no_message(trusted, tls):
    with MailServer(tls, trusted.chain, USERS, host="localhost") as server:
        steps = trial(server)
        until(lambda: server.connections_now == 0)
    assert states(steps) == ["passed"] * 5
    assert server.messages == []
    assert [command for command in server.commands if command.startswith(("RCPT", "DATA"))] == []
    assert [command.split()[0].upper() for command in server.commands][-3:] == ["MAIL", "RSET", "QUIT"]


def test_what_is_not_set_is_left_out():
    with MailServer() as server:
        steps = trial(server)
    assert states(steps) == ["passed", "passed", "not used", "not used", "passed"]
    assert steps[2].message == "No encryption is set: others on the network can read the emails."


def test_a_wrong_password_is_tried_once_and_said():
    with MailServer(users=USERS) as server:
        step = failed(trial(replace(read_url(server.url), password="wrong")))
    assert step.name == "signed in"
    assert step.message.startswith("The mail server did not accept the password. Check user name and password")
    assert step.technical.startswith("535 5.7.8")
    assert server.sign_ins == 1


def test_a_name_that_nobody_knows_fails_at_the_first_step():
    step = failed(trial(SmtpSettings(scheme="smtp", host="x" * 70 + ".invalid", port=25)))
    assert step.name == "name found"
    assert step.message.startswith("The mail server’s name was not found. Check the name in OUTTRAY_SMTP_URL")


def test_a_closed_port_fails_at_the_connection():
    step = failed(trial(SmtpSettings(scheme="smtp", host="127.0.0.1", port=free_port())))
    assert step.name == "connected"
    assert "firewall" in step.message


def test_a_silent_server_is_not_waited_for_for_ever(monkeypatch):
    monkeypatch.setattr("webapp.mail.connection_test.SECONDS", 0.3)
    with MailServer() as server:
        server.on("connect", wait=2)
        assert failed(trial(server)).name == "connected"


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_certificate_that_nobody_trusts_fails_at_the_encryption(tmp_path, tls):
    with MailServer(tls, make(tmp_path).chain, USERS, host="localhost") as server:
        steps = trial(server)
    assert states(steps) == ["passed", "passed", "failed", "not tried", "not tried"]
    assert steps[2].message.startswith("The mail server could not prove that it is the right one.")
    assert server.sign_ins == 0


def test_a_server_without_encryption_hears_no_password():
    with MailServer(users=USERS) as server:
        steps = trial(replace(read_url(server.url), scheme="smtp+starttls"))
    assert failed(steps).name == "encrypted"
    assert server.sign_ins == 0


@pytest.mark.parametrize(
    ("scheme", "port", "usual"),
    [("smtp+starttls", 465, "smtps"), ("smtp", 465, "smtps"), ("smtps", 587, "smtp+starttls")],
)
def test_the_port_of_the_other_encryption_is_pointed_out(scheme, port, usual, monkeypatch):
    def refuse(*_: object) -> None:
        raise TimeoutError("timed out")

    monkeypatch.setattr("webapp.mail.connection_test.begin", refuse)
    step = failed(trial(SmtpSettings(scheme=scheme, host="127.0.0.1", port=port)))
    assert step.message.endswith(f"Port {port} mostly wants {usual}:// at the beginning of OUTTRAY_SMTP_URL.")
    other = {"smtps": "TLS", "smtp+starttls": "STARTTLS"}[usual]
    step = failed(trial(SmtpSettings(scheme=scheme, host="127.0.0.1", port=port), is_fixed=False))
    assert step.message.endswith(f"Port {port} mostly wants {other} as its encryption.")


def test_the_advice_for_a_server_of_the_settings_names_no_variable():
    with MailServer(users=USERS) as server:
        for settings in (replace(read_url(server.url), password="wrong"), replace(read_url(server.url), user="")):
            assert "OUTTRAY" not in failed(trial(settings, is_fixed=False)).message


@pytest.mark.parametrize(
    ("say", "words"),
    [
        ("553 5.7.1 not yours", "The mail server does not let office@example.com write."),
        ("530 5.7.0 Authentication required", "The mail server wants a sign-in first."),
        ("451 4.7.1 greylisted", "The mail server asked to try again later."),
    ],
)
def test_a_sender_that_is_refused_is_the_last_step(say, words):
    with MailServer() as server:
        server.on("mail", say=say)
        step = failed(trial(server))
    assert (step.name, step.technical) == ("sender accepted", say)
    assert step.message.startswith(words)


def test_a_sender_with_letters_that_the_server_does_not_know_is_said():
    with MailServer() as server:
        assert failed(trial(server, "büro@example.com")).message.startswith("The mail server takes no addresses with")
    assert not any(command.startswith("MAIL") for command in server.commands)


def test_a_busy_server_wants_a_later_try():
    with MailServer() as server:
        server.on("connect", say="421 4.3.2 too many connections")
        step = failed(trial(server))
    assert step.message.endswith("asked to try again later. Try again in a few minutes.")


@pytest.mark.parametrize("at", ["ehlo", "mail"])
def test_a_connection_that_breaks_is_told(at):
    with MailServer() as server:
        server.on(at, drop=True, times=9)
        assert "broke the connection off" in failed(trial(server)).message


def test_a_server_that_breaks_off_when_all_is_said_has_passed():
    with MailServer() as server:
        server.on("rset", drop=True)
        assert states(trial(server))[-1] == "passed"
