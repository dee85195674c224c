"""A running task, as its kind sees it: every write carries (task id, attempt)."""

import time

from webapp.accounts import people
from webapp.db.connect import mark_changed
from webapp.tasks.cancellation import Control, StopRequest
from webapp.tasks.ledger.ledger import SHOWN_EVERY
from webapp.tasks.ledger.task_ledger import TaskLedger
from webapp.tasks.model import Task
from webapp.tasks.resources import TaskResources
from webapp.tasks.running.task_data import TaskData
from webapp.tasks.running.task_files import TaskFiles
from webapp.tasks.running.task_people import TaskPeople
from webapp.tasks.transitions import add_line, fenced_update

LONGEST_SLEEP = 5.0  # seconds


class DbTaskContext:
    """ports.TaskContext over the database."""

    def __init__(self, resources: TaskResources, task: Task, control: Control) -> None:
        with resources.read() as conn:
            self.owner = people.by_id(conn, resources.settings, task.owner)
        self.id = task.id
        self.done = task.progress.done
        self.files = TaskFiles(resources, task, self.owner)
        self.data = TaskData(resources, self.owner)
        self.people = TaskPeople(resources, task.id, self.owner)
        self.connections = resources.connections(task.id, self.owner, is_urgent=task.queue != "mail")
        self.ledger = TaskLedger(resources, task, control)
        self._resources, self._task, self._control = resources, task, control
        self._shown = 0.0

    def log(self, message: str) -> None:
        with self._resources.write() as conn:
            requests = fenced_update(conn, self.id, self._task.attempt)
            add_line(conn, self.id, message)
            mark_changed(conn)
        self._handle(requests.requested)

    def progress(self, done: int, total: int | None = None, message: str = "") -> None:
        self._control.check()
        is_last = total is not None and done >= total
        if not is_last and time.monotonic() - self._shown < SHOWN_EVERY:
            return
        self._shown = time.monotonic()
        values = {"progress_done": done, "progress_total": total, "progress_words": message, "crash_count": 0}
        with self._resources.write() as conn:
            requests = fenced_update(conn, self.id, self._task.attempt, **values)
            mark_changed(conn)
        self._handle(requests.requested)

    def sleep(self, seconds: float) -> None:
        self._control.check()
        end = time.monotonic() + min(seconds, LONGEST_SLEEP)
        while (left := end - time.monotonic()) > 0:
            self._control.wait(left)
            self._control.check()

    def _handle(self, request: StopRequest | None) -> None:
        if request is not None:
            self._control.request(request)
            self._control.check()
