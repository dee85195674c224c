"""Mail servers as they are kept: their passwords sealed, one of them the usual one, and which way mail goes."""

from contextlib import ExitStack

import pytest
from sqlalchemy import select

from tests.web.settings_pages import set_up
from webapp.connections import mail_servers
from webapp.connections.mail_servers import Server
from webapp.crypto import Seal
from webapp.db import schema
from webapp.errors import NotFound, TaskError, UserError
from webapp.mail.url import SmtpSettings

SMTP = SmtpSettings("smtps", "mail.example.com", 465, "office", "p4ss-w0rd", 2, 5.0, 100)


def kept(house, name: str = "Office", *, is_default: bool = False, server_id: int = 0, smtp=SMTP) -> int:
    with house.write() as conn:
        server = Server(server_id, name, smtp, f"{name} <post@example.com>", is_default)
        return mail_servers.save(conn, house.seal, server)


def names(house) -> list[tuple[str, bool]]:
    with house.read() as conn:
        return [(server.name, server.is_default) for server in mail_servers.listing(conn)]


def test_a_server_is_read_back_as_it_was_entered(house):
    server_id = kept(house)
    with house.read() as conn:
        found = mail_servers.one(conn, house.seal, server_id)
        stored = conn.execute(select(schema.server)).one()
    assert found.smtp == SMTP
    assert found.sender == "Office <post@example.com>"
    assert "p4ss-w0rd" not in str(stored)


def test_without_the_secret_it_was_sealed_with_the_password_is_lost_and_said(house):
    server_id = kept(house)
    with house.read() as conn, pytest.raises(UserError, match="OUTTRAY_SECRET_KEY"):
        mail_servers.one(conn, Seal(b"another"), server_id)
    house.seal = Seal(b"another")
    with pytest.raises(TaskError) as raised:
        house.mail_server()
    assert raised.value.cause == "mail-settings"


def test_the_first_is_the_usual_one_until_another_is_chosen(house):
    first = kept(house, "A")
    kept(house, "B")
    assert names(house) == [("A", True), ("B", False)]
    kept(house, "C", is_default=True)
    assert names(house) == [("C", True), ("A", False), ("B", False)]
    with house.write() as conn:
        mail_servers.remove(conn, mail_servers.listing(conn)[0].id)
    assert names(house) == [("A", True), ("B", False)]
    kept(house, "A", server_id=first)
    assert names(house) == [("A", True), ("B", False)]


def test_a_name_is_taken_once(house):
    kept(house, "A")
    with pytest.raises(UserError) as raised:
        kept(house, "A")
    assert raised.value.field == "name"


def test_a_server_that_was_removed_cannot_be_changed(house):
    with pytest.raises(NotFound):
        kept(house, "A", server_id=7)


def test_mail_goes_the_chosen_way_else_the_usual_one_else_to_the_outbox(house):
    assert house.mail.way().target == "outbox"
    assert not house.mail.has_server
    kept(house, "A")
    other = kept(house, "B")
    assert house.mail.way().sender == "A <post@example.com>"
    assert house.mail.way(str(other)).sender == "B <post@example.com>"
    assert house.mail.choices() == [("1", "A <post@example.com> (A)"), ("2", "B <post@example.com> (B)")]


def test_the_environment_wins(house):
    chosen = kept(house, "A")
    set_up(house, mail_from="Boss <boss@example.com>")
    assert house.mail.way().sender == "Boss <boss@example.com>"
    set_up(house, smtp_url="smtp://h")
    assert house.mail.way(str(chosen)).target == "smtp:h:25"
    assert house.mail.choices() == []


@pytest.mark.parametrize("chosen", ["7", "x", "-1", "9" * 30])
def test_a_server_that_is_gone_ends_a_task_in_plain_words(house, chosen):
    kept(house, "A")
    with pytest.raises(TaskError) as raised:
        house.mail_server(chosen)
    assert (raised.value.cause, raised.value.fault) == ("mail-server-gone", "form")


def test_wrong_settings_end_a_task_in_plain_words(house):
    set_up(house, smtp_url="smtp://user:s3cret@h", mail_from="nobody")
    with pytest.raises(TaskError) as raised:
        house.mail_server()
    assert (raised.value.cause, raised.value.permanent) == ("mail-settings", True)
    assert "s3cret" not in raised.value.technical


def test_only_so_many_are_admitted_at_once_and_a_single_mail_before_a_run(house):
    kept(house, "A", smtp=SmtpSettings("smtp", "h", 25))
    with ExitStack() as stack:
        run, single = stack.enter_context(house.mail_server()), stack.enter_context(house.mail_server(is_urgent=True))
        assert run.admit()
        assert not single.admit()
        assert run.is_wanted()
        run.step_aside()
        assert single.admit()
