"""All deliveries of one running task: sent by channel in parallel, skipped, compared with earlier tasks."""

from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import Connection, select

from webapp.db import schema
from webapp.db.connect import mark_changed
from webapp.ports.delivery_state import DeliveryState, SkipReason
from webapp.ports.task_context import Ledger as ChannelLedger
from webapp.tasks.ledger.ledger import Ledger
from webapp.tasks.ledger.parallel import together
from webapp.tasks.ledger.progress import ProgressClock
from webapp.tasks.transitions import fenced_update, skip_waiting
from webapp.tasks.views import past_runs


class TaskLedger(Ledger):
    """ports.TaskLedger of one attempt of a task."""

    def channels(self) -> Sequence[str]:
        d = schema.delivery
        query = select(d.c.channel).where(d.c.task == self._task.id, d.c.state == DeliveryState.WAITING).distinct()
        return self._patience.read(lambda conn: list(conn.execute(query.order_by(d.c.channel)).scalars()))

    def each_channel(self, work: Callable[[str, ChannelLedger], None], channels: Sequence[str]) -> None:
        clock = ProgressClock()
        ledgers = {one: Ledger(self._resources, self._task, self._control, one, clock) for one in channels}
        try:
            together([partial(_work_on, work, channel, ledger) for channel, ledger in ledgers.items()])
        finally:
            self.publish()

    def skip(self, message: str, reason: SkipReason) -> None:

        def step(conn: Connection) -> None:
            fenced_update(conn, self._task.id, self._task.attempt)
            skip_waiting(conn, self._task.id, message, reason)
            mark_changed(conn)

        self._patience.write(step)

    def reached_by(self, tasks: Sequence[int]) -> frozenset[str]:
        return self._patience.read(lambda conn: past_runs.keys_of(conn, self._task.owner, tasks))


def _work_on(work: Callable[[str, ChannelLedger], None], channel: str, ledger: Ledger) -> None:
    try:
        work(channel, ledger)
    finally:
        ledger.flush()
