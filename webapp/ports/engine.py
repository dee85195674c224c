"""An engine: when and where a task id runs."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection


class BackgroundRunner(Protocol):
    """FastAPI's BackgroundTasks, as far as engines use it."""

    def add_task(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Runs `func` after the response was sent."""


class Engine(Protocol):
    """When and where a task id runs; what became of it is the task table's business."""

    def submit(self, conn: Connection, task_id: int, queue: str, priority: int, not_before: datetime | None) -> None:
        """Inside the transaction that made the task waiting."""

    def withdraw(self, conn: Connection, task_id: int) -> None:
        """Inside the transaction that took it out of waiting."""

    def forget(self) -> None:
        """The transaction was rolled back: nobody is to be woken for it."""

    def after_commit(self, background: BackgroundRunner | None) -> None:
        """Wakes whoever should look; called after the commit, with the request's BackgroundTasks where there is one."""

    def work(self, slot: "WorkerSlot", run: Callable[[int], None]) -> None:
        """A slot's loop: runs one task id after another until the slot is told to stop."""


class WorkerSlot(Protocol):
    """A place where one task runs at a time."""

    queues: Sequence[str]
    worker: str  # names the lock file that proves it alive

    @property
    def stopping(self) -> bool: ...

    def wait(self, seconds: float) -> bool:
        """Blocks until poked or told to stop (True), or until `seconds` have passed (False)."""

    def wake(self) -> None:
        """Ends a wait early; from any thread."""
