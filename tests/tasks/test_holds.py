"""Why tasks are held, and who may let them continue by which action: pages and programs follow one table."""

import dataclasses

import pytest

from tests.factories import make_person, make_task
from tests.html import read
from tests.web.programs import done, refused, speak
from webapp.errors import Conflict, Forbidden
from webapp.tasks import commands, queries
from webapp.tasks.holds import HOLDS, HoldAction, HoldReason, Releasers
from webapp.web.tasks.actions import ACTS

ACTIONS = {HoldAction.RELEASE: commands.release, HoldAction.RESUME: commands.resume}


@pytest.fixture
def held(installation, ana):
    """Makes a task that is held for a reason; returns its number."""

    def hold(reason: str | None) -> int:
        with installation.write() as conn:
            return make_task(
                conn, ana, "held", hold_reason=reason, kind="email", form={"to": [], "subject": "a", "body": "b"}
            )

    return hold


def test_every_reason_has_its_texts_and_an_action_that_pages_and_programs_have():
    assert set(HOLDS) == set(HoldReason)
    for hold in HOLDS.values():
        assert hold.text
        assert hold.sentence.endswith(".")
        assert hold.by.text
    assert {hold.action for hold in HOLDS.values()} == set(HoldAction)
    assert set(HoldAction) <= set(ACTS)


@pytest.mark.parametrize("action", HoldAction)
@pytest.mark.parametrize("reason", HoldReason)
def test_programs_end_a_hold_by_its_action_alone_and_are_told_which(installation, ana, held, reason, action):
    task_id = held(reason)
    with speak(installation, ana) as program:
        before = done(program.get(f"/api/v1/tasks/{task_id}"))
        assert (before["state"], before["hold_reason"]) == ("held", reason)
        answer = program.post(f"/api/v1/tasks/{task_id}/{action}")
        if action is HOLDS[reason].action:
            assert (done(answer)["state"], answer.json()["hold_reason"]) == ("waiting", None)
            return
        refused(answer, 409)
        assert answer.json()["detail"] == (
            f"This task is {HOLDS[reason].text}. Nothing was changed. "
            f"To let it continue, use {HOLDS[reason].action.label}."
        )
        assert done(program.get(f"/api/v1/tasks/{task_id}")) == before


@pytest.mark.parametrize("action", HoldAction)
@pytest.mark.parametrize("state", ["waiting", "running", "done", "attention", "failed", "cancelled"])
def test_what_is_not_held_has_no_reason_and_nothing_to_end(installation, ana, state, action):
    with installation.write() as conn:
        task_id = make_task(conn, ana, state)
    with speak(installation, ana) as program:
        assert done(program.get(f"/api/v1/tasks/{task_id}"))["hold_reason"] is None
        refused(program.post(f"/api/v1/tasks/{task_id}/{action}"), 409)


@pytest.mark.parametrize("reason", HoldReason)
def test_its_row_and_its_page_offer_that_action(signed_in, held, reason):
    task_id, hold = held(reason), HOLDS[reason]
    row = read(signed_in.get("/").text).one("li", id=f"task-{task_id}")
    assert hold.sentence in row.text
    offered = [one.text for one in row.one("div", class_="acts").all() if one.tag in ("a", "button")]
    assert offered == (["Open"] if hold.needs_look else [hold.action.label, "Cancel"])
    shown = read(signed_in.get(f"/tasks/{task_id}").text).one(id="task-live")
    buttons = [one.text for one in shown.all("button")]
    assert buttons.count(hold.action.label) == buttons.count("Cancel") == 1
    assert not {action.label for action in HoldAction if action is not hold.action} & {*buttons}


@pytest.mark.parametrize("action", HoldAction)
@pytest.mark.parametrize("reason", HoldReason)
def test_a_page_that_is_too_old_is_told_what_to_do(signed_in, held, reason, action):
    task_id = held(reason)
    answer = signed_in.post(f"/tasks/{task_id}/{action}", data={"back": "/"}, headers={"HX-Request": "true"})
    row = read(answer.text).one("li", id=f"task-{task_id}")
    if action is HOLDS[reason].action:
        assert row["data-state"] == "waiting"
    else:
        assert f"use {HOLDS[reason].action.label}" in row.one(role="alert").text


@pytest.mark.parametrize("reason", HoldReason)
def test_whom_the_table_does_not_name_can_only_look(signed_in, installation, ana, held, monkeypatch, reason):
    admins = Releasers(text="an admin", includes=lambda person, owner: person.is_admin)
    monkeypatch.setitem(HOLDS, reason, dataclasses.replace(HOLDS[reason], by=admins))
    task_id, action = held(reason), HOLDS[reason].action
    row = read(signed_in.get("/").text).one("li", id=f"task-{task_id}")
    assert [one.text for one in row.one("div", class_="acts").all("a")] == ["Open"]
    buttons = [one.text for one in read(signed_in.get(f"/tasks/{task_id}").text).one(id="task-live").all("button")]
    assert action.label not in buttons
    assert "Cancel" in buttons
    with speak(installation, ana) as program:
        answer = program.post(f"/api/v1/tasks/{task_id}/{action}")
    refused(answer, 403)
    assert "Only an admin can let it continue" in answer.json()["detail"]
    with installation.write() as conn:
        root = make_person(conn, installation.settings, "root@example.com", role="admin")
        task = queries.one(conn, task_id, root)
        with pytest.raises(Forbidden):
            ACTIONS[action](conn, installation.engine, task, ana)
        ACTIONS[action](conn, installation.engine, task, root)


@pytest.mark.parametrize("stored", [None, "moonlight"])
def test_what_another_version_has_held_can_only_be_cancelled(signed_in, installation, ana, held, stored):
    task_id = held(stored)
    page = read(signed_in.get(f"/tasks/{task_id}").text).one(id="task-live")
    assert [one.text for one in page.all("button")] == ["Cancel"]
    assert "Held for a reason that this version of Outtray does not know." in page.text
    for action in HoldAction:
        with (
            installation.write() as conn,
            pytest.raises(Conflict, match=r"It can be cancelled\. Nothing was changed\."),
        ):
            ACTIONS[action](conn, installation.engine, queries.one(conn, task_id, ana), ana)
    with speak(installation, ana) as program:
        assert done(program.get(f"/api/v1/tasks/{task_id}"))["hold_reason"] is None
        assert done(program.post(f"/api/v1/tasks/{task_id}/cancel"))["state"] == "cancelled"


def test_a_task_that_was_cancelled_while_held_has_no_hold_reason_any_more(installation, ana, held):
    task_id = held(HoldReason.PAUSED)
    with speak(installation, ana) as program:
        assert done(program.post(f"/api/v1/tasks/{task_id}/cancel"))["hold_reason"] is None
