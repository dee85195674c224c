"""A kind that only this test knows: through its form, Home, the API, the log and a file, and after its removal."""

import json
import re

import pytest
from pydantic import Field
from sqlalchemy import text, update

from tests.kinds.performing import look
from tests.web.programs import speak
from webapp.db import schema
from webapp.kinds import KINDS
from webapp.ports.forms import TaskForm
from webapp.ports.kinds import Kind
from webapp.ports.task_context import TaskContext
from webapp.tasks import commands
from webapp.tasks.cancellation import Control
from webapp.tasks.model import State
from webapp.tasks.running import run
from webapp.tasks.running.run import NOT_INSTALLED


class LabelForm(TaskForm):
    name: str = Field(title="Name on the label", min_length=1)
    number: int = Field(1, title="How many", ge=1, le=100)


def print_labels(form: LabelForm, task: TaskContext) -> str:
    with task.files.new("labels.txt", "text/plain") as path:
        path.write_text(f"{form.name}\n" * form.number)
    task.log("The labels are ready.")
    return f"labels.txt: {form.number} labels"


LABELS = Kind(
    name="labels",
    title="Print labels",
    about="One name, many times.",
    verb="Print labels",
    icon="report",
    form=LabelForm,
    run=print_labels,
    title_of=lambda form: f"Labels for {form.name}",
    queue=lambda form: "quick",
)


@pytest.fixture
def labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "labels", LABELS)


def _run(installation, task_id):
    claimed = run.claim(installation, task_id, "test")
    if claimed is not None:
        run.perform(installation, claimed, Control())


def _start(signed_in, **fields):
    key = re.search(r'name="key" id="key" value="([^"]+)"', signed_in.get("/new/labels").text)[1]
    answer = signed_in.post("/new/labels", data={"key": key, **fields}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].rpartition("-")[2])


def test_it_works_everywhere_with_nothing_but_its_entry_in_the_list(labels, signed_in, installation, ana):
    assert "Print labels" in signed_in.get("/").text
    assert "Name on the label" in signed_in.get("/new/labels").text
    refused = signed_in.post("/new/labels", data={"name": "", "number": "0"})
    assert refused.status_code == 422
    assert 'id="name-error"' in refused.text
    task_id = _start(signed_in, name="Ana", number="3")
    _run(installation, task_id)
    task = look(installation, ana, task_id)
    assert (task.state, task.outcome) == (State.DONE, "labels.txt: 3 labels")
    assert "Labels for Ana" in signed_in.get("/").text
    page = signed_in.get(f"/tasks/{task_id}").text
    assert "The labels are ready." in page
    assert "Name on the label" in page
    assert signed_in.get(f"/files/{task.files[0].id}/download").text == "Ana\nAna\nAna\n"
    program = speak(installation, ana)
    made = program.post("/api/v1/tasks", json={"kind": "labels", "form": {"name": "Ben"}})
    assert made.status_code == 201, made.text
    wrong = program.post("/api/v1/tasks", json={"kind": "labels", "form": {"number": 3}})
    assert [one["field"] for one in wrong.json()["errors"]] == ["name"]


def test_a_removed_kind_fails_its_tasks_once_and_a_retry_works_when_it_is_back(
    labels, signed_in, installation, ana, monkeypatch
):
    done, waiting = _start(signed_in, name="Ana"), _start(signed_in, name="Ben")
    _run(installation, done)
    monkeypatch.delitem(KINDS, "labels")
    _run(installation, waiting)
    task = look(installation, ana, waiting)
    assert (task.state, task.outcome, task.cause) == (State.FAILED, NOT_INSTALLED, "kind-missing")
    program = speak(installation, ana)
    for path in (
        "/",
        "/tasks",
        "/files",
        f"/tasks/{done}",
        f"/tasks/{waiting}",
        "/tasks/log?seen=0",
        "/tasks?kind=labels",
    ):
        assert signed_in.get(path).status_code == 200, path
    for path in ("/api/v1/tasks", f"/api/v1/tasks/{waiting}", f"/api/v1/tasks/{done}/files"):
        assert program.get(path).status_code == 200, path
    assert signed_in.get(f"/new/labels?from={done}").status_code == 404
    for action in ("pause", "cancel", "dealt-with"):
        assert signed_in.post(f"/tasks/{waiting}/{action}").status_code < 500, action
    assert program.post("/api/v1/tasks", json={"kind": "labels", "form": {"name": "Ben"}}).status_code == 422
    monkeypatch.setitem(KINDS, "labels", LABELS)
    with installation.write() as conn:
        commands.retry(conn, installation.engine, look(installation, ana, waiting), ana)
    _run(installation, waiting)
    assert look(installation, ana, waiting).state is State.DONE


DAMAGE = {
    "a form that is no JSON": "update task set form = '{\"name' where id = :id",
    "a form that is a list": "update task set form = '[1, 2]' where id = :id",
    "a form of other fields": 'update task set form = \'{"colour": "red"}\' where id = :id',
    "a version of the form from the future": "update task set form_version = 99 where id = :id",
    "a time that is none": "update task set created = 'yesterday' where id = :id",
    "a chart that is no JSON": "update task set chart = '{' where id = :id",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_row_ends_once_and_every_page_still_answers(damage, labels, signed_in, installation, ana):
    task_id = _start(signed_in, name="Ana")
    with installation.write() as conn:
        conn.execute(text(damage), {"id": task_id})
    _run(installation, task_id)
    assert look(installation, ana, task_id).state in (State.FAILED, State.DONE)
    program = speak(installation, ana)
    for path in ("/", "/tasks", f"/tasks/{task_id}", f"/new/labels?from={task_id}"):
        assert signed_in.get(path).status_code == 200, path
    for path in ("/api/v1/tasks", f"/api/v1/tasks/{task_id}"):
        assert program.get(path).status_code == 200, path


def test_a_state_of_another_version_is_shown_as_failed(labels, signed_in, installation, ana):
    task_id = _start(signed_in, name="Ana")
    with installation.write() as conn:
        conn.execute(update(schema.task).where(schema.task.c.id == task_id).values(state="approval"))
    assert look(installation, ana, task_id).state is State.FAILED
    assert signed_in.get("/").status_code == 200
    assert json.loads(speak(installation, ana).get(f"/api/v1/tasks/{task_id}").text)["state"] == "failed"
