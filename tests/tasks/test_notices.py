"""How one's own task ended is told in the ways that its owner chose."""

import pytest
from sqlalchemy import select

from tests.kinds.performing import perform
from webapp.db import schema
from webapp.tasks import inbox
from webapp.tasks.cancellation import Control
from webapp.tasks.running import run

t, i = schema.task, schema.inbox


def wish(house, person, which: str = "all", *ways: str) -> None:
    with house.write() as conn:
        inbox.wish(conn, person.id, which, ways)


def told(house) -> list:
    with house.read() as conn:
        return conn.execute(select(i.c.title, i.c.read, i.c.desktop).order_by(i.c.id)).all()


def mails(house) -> list:
    with house.read() as conn:
        return conn.execute(select(t).where(t.c.kind == "email").order_by(t.c.id)).all()


@pytest.fixture
def with_server(house, monkeypatch):
    monkeypatch.setattr(type(house), "has_mail_server", property(lambda house: True))


def test_the_usual_way_is_the_inbox_and_the_desktop(house, ana):
    perform(house, ana, "self-test", fail=True)
    ((title, read, desktop),) = told(house)
    assert (title, read, desktop) == ("Self-test: failed", None, True)


def test_the_desktop_alone_leaves_nothing_unread(house, ana):
    wish(house, ana, "all", "desktop")
    perform(house, ana, "self-test", seconds=0)
    ((_, read, desktop),) = told(house)
    assert (read is not None, desktop) == (True, True)


def test_no_way_and_no_wish_tell_nothing(house, ana, with_server):
    wish(house, ana, "all")
    perform(house, ana, "self-test", seconds=0)
    wish(house, ana, "none", "inbox", "mail")
    perform(house, ana, "self-test", fail=True)
    assert (told(house), mails(house)) == ([], [])


def test_several_that_end_within_a_minute_go_in_one_email(house, ana, with_server):
    wish(house, ana, "all", "mail")
    for fail in (False, True, False):
        perform(house, ana, "self-test", fail=fail, seconds=0)
    (mail,) = mails(house)
    assert (mail.form["to"], mail.form["subject"]) == (["ana@example.com"], "3 of your tasks ended")
    assert mail.form["body"].count("/tasks/") == 3
    assert "**Self-test**: failed" in mail.form["body"]
    assert told(house) == []


def test_nobody_is_told_how_such_an_email_ended(house, ana, with_server):
    wish(house, ana, "all", "inbox", "mail")
    perform(house, ana, "self-test", seconds=0)
    (mail,) = mails(house)
    with house.write() as conn:
        conn.execute(t.update().where(t.c.id == mail.id).values(not_before=mail.created))
    run.perform(house, run.claim(house, mail.id, "test"), Control())
    assert len(mails(house)) == 1
    assert len(told(house)) == 1


def test_without_a_mail_server_no_email_is_made(house, ana):
    wish(house, ana, "all", "mail")
    perform(house, ana, "self-test", seconds=0)
    assert mails(house) == []
