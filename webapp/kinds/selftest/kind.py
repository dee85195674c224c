"""Sleeps, logs and, where asked, fails as the article's task does: to see the house at work."""

import math

from pydantic import Field

from webapp.ports.forms import TaskForm
from webapp.ports.kinds import Kind
from webapp.ports.task_context import TaskContext

SHORT = 5.0  # seconds: what single mails may have to wait behind


class SelfTestForm(TaskForm):
    """What the test is to do."""

    fail: bool = Field(False, title="Fail at the end", description="As the article's task does.")
    seconds: float = Field(
        0.0, title="Seconds", description="How long it takes.", ge=0, le=3600, json_schema_extra={"widget": "seconds"}
    )


def run(form: SelfTestForm, task: TaskContext) -> str:
    """Sleeps in steps of a second or less; after a pause it goes on where it was. Progress is in tenths of seconds."""
    total = math.ceil(form.seconds * 10)
    done = min(task.done, total)
    task.log(f"The self-test goes on after {done / 10:g} s." if done else "The self-test has started.")
    while done < total:
        step = min(10, total - done)
        task.sleep(min(step / 10, form.seconds - done / 10))
        done += step
        task.progress(done, total, f"{min(done / 10, form.seconds):g} of {form.seconds:g} s")
    if form.fail:
        raise RuntimeError("An error occurred in the background task")  # the article's words
    task.log("The self-test has ended.")
    return "The self-test went well."


KIND = Kind(
    name="self-test",
    title="Run a self-test",
    about="Shows that work gets done. It can fail on request.",
    verb="Run self-test",
    icon="test",
    form=SelfTestForm,
    run=run,
    title_of=lambda form: "Self-test",
    # A long one would keep single mails waiting: it goes where long work belongs.
    queue=lambda form: "quick" if form.seconds < SHORT else "reports",
    pausable=True,
    on_home=False,
    example={"form": {"fail": False, "seconds": 0.5}},
)
