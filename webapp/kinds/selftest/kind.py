"""Sleeps, logs and, on request, fails as the article's task does: shows that the installation works."""

import math

from pydantic import Field

from webapp.ports.forms import TaskForm
from webapp.ports.kinds import Kind
from webapp.ports.task_context import TaskContext

SHORT = 5.0  # seconds; a longer test would delay single emails in the queue "quick"


class SelfTestForm(TaskForm):
    """How long the self-test takes, and whether it fails."""

    fail: bool = Field(False, title="Fail at the end", description="As the article's task does.")
    seconds: float = Field(
        0.0, title="Seconds", description="How long it takes.", ge=0, le=3600, json_schema_extra={"widget": "seconds"}
    )


def run(form: SelfTestForm, task: TaskContext) -> str:
    """Sleeps in steps of a second or less and continues after a pause. Progress is in tenths of seconds."""
    total = math.ceil(form.seconds * 10)
    done = min(task.done, total)
    task.log(f"The self-test continues after {done / 10:g} s." if done else "The self-test has started.")
    while done < total:
        step = min(10, total - done)
        task.sleep(min(step / 10, form.seconds - done / 10))
        done += step
        task.progress(done, total, f"{min(done / 10, form.seconds):g} of {form.seconds:g} s")
    if form.fail:
        raise RuntimeError("An error occurred in the background task")  # the article's message
    task.log("The self-test has ended.")
    return "The self-test passed."


KIND = Kind(
    name="self-test",
    title="Run a self-test",
    about="Shows that tasks run. It can fail on request.",
    verb="Run self-test",
    icon="test",
    form=SelfTestForm,
    run=run,
    title_of=lambda form: "Self-test",
    # A long one would delay single emails: it goes to the queue for long work.
    queue=lambda form: "quick" if form.seconds < SHORT else "reports",
    pausable=True,
    on_home=False,
    example={"form": {"fail": False, "seconds": 0.5}},
)
