"""Failed tasks by their cause: on Home for admins, on Tasks for everybody, and all of one cause retried at once."""

import pytest

from tests.factories import make_task
from tests.html import read
from webapp.tasks import failure_groups, queries

LOGIN = "The mail server did not accept the password. 0 of 2 emails were sent. Ask an admin."


@pytest.fixture
def failures(installation, ana, root) -> None:
    with installation.write() as conn:
        for _ in range(3):
            make_task(conn, ana, "failed", cause="mail-login", outcome=LOGIN)
        make_task(conn, root, "failed", cause="mail-login", outcome=LOGIN)
        make_task(conn, root, "failed", cause="disk-full", outcome="There is no room left.")
        make_task(conn, ana, "cancelled", cause="undone")


def test_home_tells_admins_of_the_commonest_cause_and_leads_to_its_tasks(admin, signed_in, failures):
    (link,) = [a for a in read(admin.get("/").text).all("a") if "for one reason" in a.text]
    assert link.text.startswith("4 tasks failed since today, ")
    page = read(admin.get(link["href"]).text)
    assert page.one(id="found").text == "4 tasks"
    assert "for one reason" not in signed_in.get("/").text


def test_one_failure_is_no_reason_to_speak_of_a_cause(admin, installation, root):
    with installation.write() as conn:
        make_task(conn, root, "failed", cause="disk-full", outcome="There is no room left.")
    assert "for one reason" not in admin.get("/").text


def test_tasks_are_grouped_and_mail_leads_to_its_remedy(admin, failures):
    page = read(admin.get("/tasks").text).one("section", aria_labelledby="causes")
    assert [row.one("b").text for row in page.all("li")] == [
        "The mail server did not accept the password.",
        "There is no room left.",
    ]
    assert [button.text for button in page.all("button")] == ["Retry all 4", "Retry"]
    assert [link.text for link in page.all("a")] == ["4 tasks", "Settings → Mail", "1 task"]


def test_staff_see_and_retry_their_own_alone(signed_in, failures, installation, ana):
    page = read(signed_in.get("/tasks").text).one("section", aria_labelledby="causes")
    assert [button.text for button in page.all("button")] == ["Retry all 3"]
    assert "Settings → Mail" not in page.text
    answer = signed_in.post("/tasks/causes/retry", data={"cause": "mail-login"})
    assert read(signed_in.get(answer.headers["location"]).text).one(id="status").text == "3 tasks go on."
    with installation.read() as conn:
        totals = queries.totals(conn, queries.View(owner=None))
    assert (totals["waiting"], totals["failed"]) == (3, 2)


def test_what_was_dealt_with_is_no_cause_any_more(admin, failures, installation, root):
    with installation.read() as conn:
        ids = failure_groups.of_cause(conn, root, "disk-full")
    admin.post(f"/tasks/{ids[0]}/dealt-with")
    with installation.read() as conn:
        assert [cause.key for cause in failure_groups.groups(conn, root)] == ["mail-login"]


def test_a_cause_that_nobody_knows_retries_nothing(admin, failures, installation):
    answer = admin.post("/tasks/causes/retry", data={"cause": "x"})
    assert read(admin.get(answer.headers["location"]).text).one(id="status").text == "0 tasks go on."
