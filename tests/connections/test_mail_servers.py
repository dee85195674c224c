"""Mail servers as they are kept: their passwords sealed, one of them the usual one, and which way mail goes."""

from contextlib import ExitStack

import pytest
from sqlalchemy import select

from tests.web.settings_pages import set_up
from webapp.connections import mail_servers
from webapp.connections.mail_servers import Server
from webapp.crypto import SecretBox
from webapp.db import schema
from webapp.errors import NotFound, TaskError, UserError
from webapp.mail.outbox import Outbox
from webapp.mail.smtp import SmtpServer
from webapp.mail.url import SmtpSettings

SMTP = SmtpSettings(
    scheme="smtps",
    host="mail.example.com",
    port=465,
    user="office",
    password="p4ss-w0rd",
    connections=2,
    rate=5.0,
    per_connection=100,
)


def kept(installation, name: str = "Office", *, is_default: bool = False, server_id: int = 0, smtp=SMTP) -> int:
    with installation.write() as conn:
        server = Server(id=server_id, name=name, smtp=smtp, sender=f"{name} <post@example.com>", is_default=is_default)
        return mail_servers.save(conn, installation.secrets, server)


def names(installation) -> list[tuple[str, bool]]:
    with installation.read() as conn:
        return [(server.name, server.is_default) for server in mail_servers.listing(conn)]


def test_a_server_is_read_back_as_it_was_entered(installation):
    server_id = kept(installation)
    with installation.read() as conn:
        found = mail_servers.one(conn, installation.secrets, server_id)
        stored = conn.execute(select(schema.server)).one()
    assert found.smtp == SMTP
    assert found.sender == "Office <post@example.com>"
    assert "p4ss-w0rd" not in str(stored)


def test_without_the_secret_it_was_sealed_with_the_password_is_lost_and_said(installation):
    server_id = kept(installation)
    with installation.read() as conn, pytest.raises(UserError, match="OUTTRAY_SECRET_KEY"):
        mail_servers.one(conn, SecretBox(b"another"), server_id)
    installation.secrets = SecretBox(b"another")
    with pytest.raises(TaskError) as raised:
        installation.mail.open()
    assert raised.value.cause == "mail-settings"


def test_the_first_is_the_usual_one_until_another_is_chosen(installation):
    first = kept(installation, "A")
    kept(installation, "B")
    assert names(installation) == [("A", True), ("B", False)]
    kept(installation, "C", is_default=True)
    assert names(installation) == [("C", True), ("A", False), ("B", False)]
    with installation.write() as conn:
        mail_servers.remove(conn, mail_servers.listing(conn)[0].id)
    assert names(installation) == [("A", True), ("B", False)]
    kept(installation, "A", server_id=first)
    assert names(installation) == [("A", True), ("B", False)]


def test_a_name_is_taken_once(installation):
    kept(installation, "A")
    with pytest.raises(UserError) as raised:
        kept(installation, "A")
    assert raised.value.field == "name"


def test_a_server_that_was_removed_cannot_be_changed(installation):
    with pytest.raises(NotFound):
        kept(installation, "A", server_id=7)


def test_mail_goes_the_chosen_way_else_the_usual_one_else_to_the_outbox(installation):
    assert installation.mail.route().target == "outbox"
    assert not installation.mail.has_server
    kept(installation, "A")
    other = kept(installation, "B")
    assert installation.mail.route().sender == "A <post@example.com>"
    assert installation.mail.route(str(other)).sender == "B <post@example.com>"
    assert installation.mail.choices() == [("1", "A <post@example.com> (A)"), ("2", "B <post@example.com> (B)")]


def test_the_environment_wins(installation):
    chosen = kept(installation, "A")
    set_up(installation, mail_from="Boss <boss@example.com>")
    assert installation.mail.route().sender == "Boss <boss@example.com>"
    set_up(installation, smtp_url="smtp://h")
    assert installation.mail.route(str(chosen)).target == "smtp:h:25"
    assert installation.mail.choices() == []


@pytest.mark.parametrize("chosen", ["7", "x", "-1", "9" * 30])
def test_a_server_that_is_gone_ends_a_task_in_plain_words(installation, chosen):
    kept(installation, "A")
    with pytest.raises(TaskError) as raised:
        installation.mail.open(chosen)
    assert (raised.value.cause, raised.value.fault) == ("mail-server-gone", "form")


def test_mail_goes_to_the_server_or_without_one_to_the_outbox(installation):
    assert isinstance(installation.mail.open(), Outbox)
    set_up(installation, smtp_url="smtp://h")
    assert isinstance(installation.mail.open(), SmtpServer)


def test_wrong_settings_end_a_task_in_plain_words(installation):
    set_up(installation, smtp_url="smtp://user:s3cret@h", mail_from="nobody")
    with pytest.raises(TaskError) as raised:
        installation.mail.open()
    assert (raised.value.cause, raised.value.permanent) == ("mail-settings", True)
    assert "s3cret" not in raised.value.technical


def test_only_so_many_are_admitted_at_once_and_a_single_mail_before_a_run(installation):
    kept(installation, "A", smtp=SmtpSettings(scheme="smtp", host="h", port=25))
    with ExitStack() as stack:
        run, single = (
            stack.enter_context(installation.mail.open()),
            stack.enter_context(installation.mail.open(is_urgent=True)),
        )
        assert run.admit()
        assert not single.admit()
        assert run.is_wanted()
        run.step_aside()
        assert single.admit()
