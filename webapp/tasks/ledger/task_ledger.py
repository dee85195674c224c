"""All deliveries of one running task: by channel in parallel, skipped, compared with earlier tasks."""

from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import select

from webapp.db import schema
from webapp.db.connect import mark_changed
from webapp.ports.delivery_state import DeliveryState, SkipReason
from webapp.ports.task_context import Ledger as ChannelLedger
from webapp.tasks.cancellation import Control
from webapp.tasks.ledger.ledger import Ledger, ProgressClock
from webapp.tasks.ledger.parallel import together
from webapp.tasks.model import Task
from webapp.tasks.resources import TaskResources
from webapp.tasks.transitions import fenced_update, skip_waiting
from webapp.tasks.views import past_runs


class TaskLedger(Ledger):
    """ports.TaskLedger of one attempt of a task."""

    def __init__(self, resources: TaskResources, task: Task, control: Control) -> None:
        super().__init__(resources, task, control)
        self._resources = resources

    def channels(self) -> Sequence[str]:
        d = schema.delivery
        query = select(d.c.channel).where(d.c.task == self._task.id, d.c.state == DeliveryState.WAITING).distinct()
        with self._resources.read() as conn:
            return list(conn.execute(query.order_by(d.c.channel)).scalars())

    def each_channel(self, work: Callable[[str, ChannelLedger], None], channels: Sequence[str]) -> None:
        clock = ProgressClock()
        ledgers = {one: Ledger(self._resources, self._task, self._control, one, clock) for one in channels}
        try:
            together([partial(_work_on, work, channel, ledger) for channel, ledger in ledgers.items()])
        finally:
            self.show()

    def skip(self, message: str, reason: SkipReason) -> None:
        with self._resources.write() as conn:
            fenced_update(conn, self._task.id, self._task.attempt)
            skip_waiting(conn, self._task.id, message, reason)
            mark_changed(conn)

    def reached_by(self, tasks: Sequence[int]) -> frozenset[str]:
        with self._resources.read() as conn:
            return past_runs.keys_of(conn, self._task.owner, tasks)


def _work_on(work: Callable[[str, ChannelLedger], None], channel: str, ledger: Ledger) -> None:
    try:
        work(channel, ledger)
    finally:
        ledger.flush()
