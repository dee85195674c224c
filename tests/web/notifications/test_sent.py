"""Which notifications went where: searched by text, channel, person and time, and taken along."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import make_person
from tests.html import read
from tests.kinds.performing import perform
from tests.kinds.test_notification_channels import channel
from tests.notify.targets import Hook
from webapp.db import schema


@pytest.fixture
def ben(installation):
    with installation.write() as conn:
        return make_person(conn, installation.settings, email="ben@example.com", name="Ben")


@pytest.fixture
def sent(installation, ana, ben):
    with Hook() as hook:
        number = channel(installation, hook)
        perform(installation, ana, "notification", message="The lorry is late", title="Lorry", channels=[number, "log"])
        perform(installation, ben, "notification", message="=Lunch is here", channels=["log"], people=[str(ana.id)])
    return number


def found(browser, **asked) -> list[str]:
    page = read(browser.get("/notifications", params=asked).text)
    return [one.text for one in page.all("li") if "id" in one and one["id"].startswith("told-")]


def test_staff_see_what_they_sent_and_admins_all(signed_in, admin, sent):
    assert len(found(signed_in)) == 2
    assert len(found(admin)) == 4


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ({"q": "lorry"}, 2),
        ({"q": "LATE"}, 2),
        ({"q": "warehouse"}, 1),
        ({"q": "pizza"}, 0),
        ({"channel": "log"}, 2),
        ({"channel": "inbox"}, 1),
        ({"channel": "1"}, 1),
        ({"q": "lunch", "channel": "inbox"}, 1),
        ({"since": "2999-01-01"}, 0),
        ({"until": "1999-01-01"}, 0),
        ({"since": "2000-01-01", "until": "2999-01-01"}, 4),
        ({"since": "nonsense"}, 4),
        ({"person": "99"}, 0),
        ({"after": "nonsense"}, 4),
    ],
)
def test_it_is_searched_by_each_of_them(admin, sent, asked, number):
    assert len(found(admin, **asked)) == number


def test_a_person_is_found_as_sender_and_as_who_was_told(admin, ana, ben, sent):
    assert len(found(admin, person=str(ana.id))) == 3
    assert len(found(admin, person=str(ben.id))) == 2


def test_a_day_is_that_of_the_persons_clock(installation, signed_in, ana, sent):
    here = datetime.now(UTC).astimezone(ana.zone).date()
    assert len(found(signed_in, since=str(here), until=str(here))) == 2
    with installation.write() as conn:
        conn.execute(schema.task.update().values(created=datetime.now(UTC) - timedelta(days=2)))
    assert found(signed_in, since=str(here)) == []


def test_a_day_that_is_none_is_said_beside_its_field(signed_in):
    page = read(signed_in.get("/notifications?since=2026-13-40").text)
    assert "2026-11-03" in page.one(id="since-error").text


def test_the_list_is_taken_along_as_it_was_filtered(admin, sent):
    answer = admin.get("/notifications/notifications.csv?channel=log")
    head, *rows = csv.reader(io.StringIO(answer.text))
    assert head[:3] == ["Time (UTC)", "Title", "Message"]
    assert [row[2] for row in rows] == ["'=Lunch is here", "The lorry is late"]
    assert {row[5] for row in rows} == {"Log file"}


def test_pages_go_on_where_the_last_ended(installation, admin, root):
    perform(
        installation, root, "notification", message="Hi", channels=["log"], to=[f"p{n}@example.com" for n in range(70)]
    )
    first = read(admin.get("/notifications").text)
    older = next(str(one["href"]) for one in first.all("a") if one.text == "Older")
    assert len(found(admin)) == 50
    rest = read(admin.get(older).text)
    assert len([one for one in rest.all("li") if "id" in one and one["id"].startswith("told-")]) == 20


def test_nothing_sent_yet_leads_to_the_form(signed_in):
    assert read(signed_in.get("/notifications").text).one("div", class_="empty").one("a")["href"] == "/new/notification"
