"""Owners are notified how their tasks ended, by the channels that they chose."""

import pytest
from sqlalchemy import select

from tests.kinds.performing import perform
from webapp.db import schema
from webapp.tasks import inbox
from webapp.tasks.cancellation import Control
from webapp.tasks.running import run

t, i = schema.task, schema.inbox


def prefer(installation, person, which: str = "all", *ways: str) -> None:
    with installation.write() as conn:
        inbox.save_preferences(conn, person.id, which, ways)


def told(installation) -> list:
    with installation.read() as conn:
        return conn.execute(select(i.c.title, i.c.read, i.c.desktop).order_by(i.c.id)).all()


def mails(installation) -> list:
    with installation.read() as conn:
        return conn.execute(select(t).where(t.c.kind == "email").order_by(t.c.id)).all()


@pytest.fixture
def with_server(installation, monkeypatch):
    monkeypatch.setattr(type(installation), "has_mail_server", property(lambda installation: True))


def test_the_usual_way_is_the_inbox_and_the_desktop(installation, ana):
    perform(installation, ana, "self-test", fail=True)
    ((title, read, desktop),) = told(installation)
    assert (title, read, desktop) == ("Self-test: failed", None, True)


def test_the_desktop_alone_leaves_nothing_unread(installation, ana):
    prefer(installation, ana, "all", "desktop")
    perform(installation, ana, "self-test", seconds=0)
    ((_, read, desktop),) = told(installation)
    assert (read is not None, desktop) == (True, True)


def test_no_way_and_no_wish_tell_nothing(installation, ana, with_server):
    prefer(installation, ana, "all")
    perform(installation, ana, "self-test", seconds=0)
    prefer(installation, ana, "none", "inbox", "mail")
    perform(installation, ana, "self-test", fail=True)
    assert (told(installation), mails(installation)) == ([], [])


def test_several_that_end_within_a_minute_go_in_one_email(installation, ana, with_server):
    prefer(installation, ana, "all", "mail")
    for fail in (False, True, False):
        perform(installation, ana, "self-test", fail=fail, seconds=0)
    (mail,) = mails(installation)
    assert (mail.form["to"], mail.form["subject"]) == (["ana@example.com"], "3 of your tasks ended")
    assert mail.form["body"].count("/tasks/") == 3
    assert "**Self-test**: failed" in mail.form["body"]
    assert told(installation) == []


def test_nobody_is_told_how_such_an_email_ended(installation, ana, with_server):
    prefer(installation, ana, "all", "inbox", "mail")
    perform(installation, ana, "self-test", seconds=0)
    (mail,) = mails(installation)
    with installation.write() as conn:
        conn.execute(t.update().where(t.c.id == mail.id).values(not_before=mail.created))
    run.perform(installation, run.claim(installation, mail.id, "test"), Control())
    assert len(mails(installation)) == 1
    assert len(told(installation)) == 1


def test_without_a_mail_server_no_email_is_made(installation, ana):
    prefer(installation, ana, "all", "mail")
    perform(installation, ana, "self-test", seconds=0)
    assert mails(installation) == []
