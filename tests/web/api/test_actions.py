"""What programs do to tasks, and who may do nothing at all."""

import pytest

from tests.factories import make_task
from tests.web.programs import done, number_of_tasks, refused, start
from webapp.accounts import commands
from webapp.tasks import queries


@pytest.mark.parametrize("number", ["0", "999", "-1", "abc", "1.0", "9" * 19, "9" * 5000, "%00", "1%2F2", "٣"])
def test_a_number_that_no_task_has_is_not_found(program, number):
    refused(program.get(f"/api/v1/tasks/{number}"), 404)
    refused(program.get(f"/api/v1/tasks/{number}/lines"), 404)
    refused(program.post(f"/api/v1/tasks/{number}/cancel"), 404)


@pytest.mark.parametrize(
    ("before", "more", "action", "after"),
    [
        ("waiting", {}, "cancel", "cancelled"),
        ("held", {"hold_reason": "paused"}, "cancel", "cancelled"),
        ("failed", {}, "retry", "waiting"),
        ("cancelled", {}, "retry", "waiting"),
        ("waiting", {}, "pause", "held"),
        ("held", {"hold_reason": "paused"}, "resume", "waiting"),
        ("held", {"hold_reason": "restored"}, "release", "waiting"),
    ],
)
def test_what_the_state_allows_is_done(program, installation, ana, before, more, action, after):
    with installation.write() as conn:
        task_id = make_task(conn, ana, before, **more)
    assert done(program.post(f"/api/v1/tasks/{task_id}/{action}"))["state"] == after


@pytest.mark.parametrize(
    ("state", "more", "action"),
    [
        ("done", {}, "cancel"),
        ("cancelled", {}, "cancel"),
        ("done", {}, "retry"),
        ("waiting", {}, "retry"),
        ("done", {}, "pause"),
        ("held", {"hold_reason": "paused"}, "pause"),
        ("waiting", {}, "resume"),
        ("held", {"hold_reason": "restored"}, "resume"),
        ("held", {"hold_reason": "paused"}, "release"),
        ("running", {"kind": "report"}, "pause"),
    ],
)
def test_what_the_state_does_not_allow_is_a_conflict_and_changes_nothing(
    program, installation, ana, state, more, action
):
    with installation.write() as conn:
        task_id = make_task(conn, ana, state, **more)
    before = done(program.get(f"/api/v1/tasks/{task_id}"))
    refused(program.post(f"/api/v1/tasks/{task_id}/{action}"), 409)
    assert done(program.get(f"/api/v1/tasks/{task_id}")) == before


def test_a_running_task_is_told_to_stop(program, installation, ana):
    with installation.write() as conn:
        task_id = make_task(conn, ana, "running")
    assert done(program.post(f"/api/v1/tasks/{task_id}/cancel"))["state"] == "running"
    with installation.read() as conn:
        assert queries.one(conn, task_id, ana).is_stopping


def test_an_admin_may_stop_somebody_elses_task(admin_program, installation, ana):
    with installation.write() as conn:
        task_id = make_task(conn, ana, "waiting")
    assert done(admin_program.post(f"/api/v1/tasks/{task_id}/cancel"))["owner"] == "ana@example.com"


@pytest.mark.parametrize("path", ["", "/1", "/1/lines", "/1/deliveries", "/1/files", "/1/files/f-x"])
def test_nothing_is_told_without_a_token(stranger, signed_in, path):
    for client in (stranger, signed_in):
        answer = client.get(f"/api/v1/tasks{path}")
        refused(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"


def test_nothing_is_started_without_a_token_nor_for_somebody_disabled(stranger, signed_in, program, installation, ana):
    for client in (stranger, signed_in):
        refused(start(client), 401)
        refused(client.post("/api/v1/uploads", files={"file": ("a.csv", b"x\n1\n")}), 401)
    with installation.write() as conn:
        commands.disable(conn, ana)
    refused(start(program), 401)
    assert number_of_tasks(installation) == 0


def test_the_word_bearer_may_be_written_in_any_case(program):
    token = program.headers["Authorization"].removeprefix("Bearer ")
    for word in ("bearer", "BEARER"):
        assert program.get("/api/v1/tasks", headers={"Authorization": f"{word} {token}"}).status_code == 200
