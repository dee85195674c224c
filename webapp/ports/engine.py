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
    """Decides when and where a task id runs; the task table has the result."""

    def submit(self, conn: Connection, task_id: int, queue: str, priority: int, not_before: datetime | None) -> None:
        """Queues a task; called inside the transaction that makes it waiting."""

    def withdraw(self, conn: Connection, task_id: int) -> None:
        """Removes a task from its queue; called inside the transaction that ends its waiting."""

    def forget(self) -> None:
        """Drops the tasks of a transaction that was rolled back."""

    def after_commit(self, background: BackgroundRunner | None) -> None:
        """Wakes the slots concerned; called after the commit, with the request's BackgroundTasks if there is one."""

    def work(self, slot: "WorkerSlot", run: Callable[[int], None]) -> None:
        """Runs one task id after another until the slot stops: the loop of a slot."""


class WorkerSlot(Protocol):
    """Capacity for one task at a time."""

    queues: Sequence[str]
    worker: str  # the name of the lock file that proves it alive

    @property
    def stopping(self) -> bool: ...

    def wait(self, seconds: float) -> bool:
        """Blocks until woken or stopped (True), or until `seconds` have passed (False)."""

    def wake(self) -> None:
        """Ends a wait early; may be called from any thread."""
