"""Changing the speed of a run on the page of its task."""

from sqlalchemy import select

from tests.factories import make_person, make_task
from tests.html import read
from webapp.db import schema

FORM = {"to": ["a@example.com", "b@example.com"], "subject": "Hi", "body": "Hello"}


def run(installation, owner, state: str = "running", **columns) -> int:
    with installation.write() as conn:
        return make_task(conn, owner, state, kind="email", form=FORM, queue="mail", progress_total=2, **columns)


def rate_of(installation, task_id: int) -> float | None:
    with installation.read() as conn:
        return conn.execute(select(schema.task.c.rate).where(schema.task.c.id == task_id)).scalar_one()


def test_the_speed_of_a_run_is_set_and_shown(signed_in, installation, ana):
    task_id = run(installation, ana)
    answer = signed_in.post(f"/tasks/{task_id}/speed", data={"rate": "2,5"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/tasks/{task_id}#state")
    assert rate_of(installation, task_id) == 2.5
    assert read(signed_in.get(f"/tasks/{task_id}").text).one(id="rate")["value"] == "2.5"
    signed_in.post(f"/tasks/{task_id}/speed", data={"rate": ""})
    assert rate_of(installation, task_id) is None


def test_what_is_no_number_is_said_beside_the_field_and_stays_there(signed_in, installation, ana):
    task_id = run(installation, ana)
    for headers in ({}, {"HX-Request": "true"}):
        answer = signed_in.post(f"/tasks/{task_id}/speed", data={"rate": "fast"}, headers=headers)
        assert answer.status_code == 422
        page = read(answer.text)
        assert "Write a number such as 5 or 0.5" in page.one(id="rate-error").text
        assert page.one(id="rate")["value"] == "fast"
    assert rate_of(installation, task_id) is None


def test_htmx_gets_the_live_part_with_the_focus_on_the_state(signed_in, installation, ana):
    task_id = run(installation, ana)
    answer = signed_in.post(f"/tasks/{task_id}/speed", data={"rate": "5"}, headers={"HX-Request": "true"})
    page = read(answer.text)
    assert "<html" not in answer.text
    assert "autofocus" in page.one(id="state").attributes


def test_a_run_that_is_over_says_so_and_offers_no_speed(signed_in, installation, ana):
    task_id = run(installation, ana, "done")
    assert "Messages per second" not in signed_in.get(f"/tasks/{task_id}").text
    signed_in.post(f"/tasks/{task_id}/speed", data={"rate": "5"})
    answer = signed_in.get(f"/tasks/{task_id}")
    assert "This task sends nothing more, so it has no speed." in answer.text


def test_nobody_sets_the_speed_of_anothers_run(signed_in, installation, ana):
    with installation.write() as conn:
        other = make_person(conn, installation.settings, "ben@example.com")
    task_id = run(installation, other)
    assert signed_in.post(f"/tasks/{task_id}/speed", data={"rate": "5"}).status_code == 404
    assert rate_of(installation, task_id) is None
