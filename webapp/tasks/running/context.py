"""A running task, as its kind sees it: every write carries (task id, attempt)."""

from typing import Any

from sqlalchemy import Connection

from webapp import clock
from webapp.accounts import people
from webapp.db.connect import mark_changed
from webapp.tasks.cancellation import Control, StopRequest
from webapp.tasks.ledger.progress import PUBLISH_EVERY
from webapp.tasks.ledger.task_ledger import TaskLedger
from webapp.tasks.model import Task
from webapp.tasks.patience import Patience
from webapp.tasks.resources import TaskResources
from webapp.tasks.running.task_data import TaskData
from webapp.tasks.running.task_files import TaskFiles
from webapp.tasks.running.task_people import TaskPeople
from webapp.tasks.transitions import Requests, add_line, fenced_update

LONGEST_SLEEP = 5.0  # seconds


class DbTaskContext:
    """ports.TaskContext over the database."""

    def __init__(self, resources: TaskResources, task: Task, control: Control) -> None:
        self._patience = Patience(resources, control)
        self.owner = self._patience.read(lambda conn: people.by_id(conn, resources.settings, task.owner))
        self.id = task.id
        self.done = task.progress.done
        self.files = TaskFiles(resources, self._patience, task, self.owner)
        self.data = TaskData(resources, self._patience, self.owner)
        self.people = TaskPeople(resources, self._patience, task.id, self.owner)
        self.connections = resources.connections(task.id, self.owner, is_urgent=task.queue != "mail")
        self.ledger = TaskLedger(resources, task, control)
        self._task, self._control = task, control
        kind = resources.find_kind(task.kind)
        self._resumes = (
            kind is not None and not kind.in_child
        )  # that work starts again from the beginning after a crash
        self._published_at = 0.0

    def log(self, message: str) -> None:
        def step(conn: Connection) -> Requests:
            requests = fenced_update(conn, self.id, self._task.attempt)
            add_line(conn, self.id, message)
            mark_changed(conn)
            return requests

        self._handle(self._patience.write(step).requested)

    def progress(self, done: int, total: int | None = None, message: str = "") -> None:
        self._control.check()
        is_last = total is not None and done >= total
        if not is_last and clock.monotonic() - self._published_at < PUBLISH_EVERY:
            return
        self._published_at = clock.monotonic()
        values: dict[str, Any] = {"progress_done": done, "progress_total": total, "progress_words": message}
        if self._resumes and done > self.done:  # more than any earlier attempt: the count of crashes starts again
            values["crash_count"] = 0

        def step(conn: Connection) -> Requests:
            requests = fenced_update(conn, self.id, self._task.attempt, **values)
            mark_changed(conn)
            return requests

        self._handle(self._patience.write(step).requested)

    def sleep(self, seconds: float) -> None:
        self._control.check()
        end = clock.monotonic() + min(seconds, LONGEST_SLEEP)
        while (left := end - clock.monotonic()) > 0:
            self._control.wait(left)
            self._control.check()

    def _handle(self, request: StopRequest | None) -> None:
        if request is not None:
            self._control.request(request)
            self._control.check()
