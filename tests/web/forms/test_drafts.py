"""Drafts: forms that wait for a review."""

from datetime import timedelta

from webapp.clock import now
from webapp.db import preferences
from webapp.kinds.email.form import EmailForm
from webapp.kinds.email.kind import KIND as EMAIL
from webapp.kinds.notification.kind import KIND as NOTIFICATION
from webapp.web.forms import drafts

FORM = EmailForm(to=["ben@example.com"], subject="Hello", body="Dear you")


def keep(installation, person, key, days=0):
    with installation.write() as conn:
        drafts.keep(conn, person, EMAIL, key, FORM)
        stored = preferences.get(conn, person.id, f"draft:{key}")
        preferences.put(conn, person.id, f"draft:{key}", {**stored, "kept": (now() - timedelta(days=days)).isoformat()})


def find(installation, person, key, kind=EMAIL):
    with installation.read() as conn:
        return drafts.find(conn, person, kind, key)


def test_a_draft_is_found_by_its_owner_and_its_kind_only(installation, ana, root):
    keep(installation, ana, "k1")
    assert find(installation, ana, "k1")["subject"] == "Hello"
    assert find(installation, root, "k1") is None
    assert find(installation, ana, "k1", NOTIFICATION) is None
    assert find(installation, ana, "") is None


def test_a_draft_that_was_sent_is_gone(installation, ana):
    keep(installation, ana, "k1")
    with installation.write() as conn:
        drafts.drop(conn, ana, "k1")
    assert find(installation, ana, "k1") is None


def test_storing_a_draft_deletes_those_of_the_same_person_that_are_older_than_30_days(installation, ana, root):
    keep(installation, root, "others", days=31)
    keep(installation, ana, "old", days=31)
    keep(installation, ana, "recent", days=29)
    with installation.write() as conn:
        preferences.put(conn, ana.id, "last:email.server", ["1"])
        drafts.keep(conn, ana, EMAIL, "new", FORM)
    assert find(installation, ana, "old") is None
    assert find(installation, ana, "recent")
    assert find(installation, ana, "new")
    assert find(installation, root, "others")
    with installation.read() as conn:
        assert preferences.get(conn, ana.id, "last:email.server") == ["1"]
