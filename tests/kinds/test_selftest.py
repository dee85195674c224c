"""The self-test sleeps, logs and fails on request."""

import pytest
from pydantic import ValidationError

from tests.kinds.performing import lines, look, perform, start
from webapp.installation import Installation
from webapp.kinds.selftest.kind import KIND, SelfTestForm
from webapp.ports.people import Person
from webapp.tasks import commands
from webapp.tasks.cancellation import Control, StopRequest
from webapp.tasks.model import State
from webapp.tasks.running import run


def test_it_logs_counts_and_succeeds(installation: Installation, ana: Person):
    task = perform(installation, ana, "self-test", seconds=0.25)
    assert (task.state, task.outcome) == (State.DONE, "The self-test passed.")
    assert (task.progress.done, task.progress.total) == (3, 3)
    assert lines(installation, task)[2:4] == ["The self-test has started.", "The self-test has ended."]


def test_it_fails_as_the_articles_task_does_and_the_log_file_says_so(installation, ana):
    task = perform(installation, ana, "self-test", fail=True)
    assert task.state is State.FAILED
    assert "unexpected" in task.outcome
    assert "RuntimeError: An error occurred in the background task" in task.technical
    (line,) = (installation.data_dir / "log.txt").read_text().splitlines()
    assert line.startswith(f"error in task {task.id} ")
    assert line.endswith("An error occurred in the background task")


def test_after_a_pause_it_continues(installation, ana):
    task_id = start(installation, ana, "self-test", seconds=4)
    control = Control()
    claimed = run.claim(installation, task_id, "test")
    control.request(StopRequest.PAUSE)
    run.perform(installation, claimed, control)
    assert look(installation, ana, task_id).state is State.HELD
    with installation.write() as conn:
        commands.resume(conn, installation.engine, look(installation, ana, task_id), ana)
    claimed = run.claim(installation, task_id, "test")
    context = run.DbTaskContext(installation, claimed, Control())
    context.done = 39
    KIND.run(SelfTestForm(seconds=4), context)
    task = look(installation, ana, task_id)
    assert (task.progress.done, task.progress.words) == (40, "4 of 4 s")
    assert "The self-test continues after 3.9 s." in lines(installation, task)


def test_a_long_one_does_not_delay_single_mails():
    assert KIND.queue(SelfTestForm(seconds=4.9)) == "quick"
    assert KIND.queue(SelfTestForm(seconds=5)) == "reports"
    assert not KIND.on_home


@pytest.mark.parametrize("seconds", [-1, 3601, "long", float("nan"), float("inf")])
def test_an_invalid_time_is_refused(seconds):
    with pytest.raises(ValidationError):
        SelfTestForm(seconds=seconds)
