"""The ledger: a message is marked in the database before it is sent, and never sent twice.

One commit settles message N and marks N+1 as sending; if N+1 has to wait, N is settled alone. A message that was
marked when a process died is unknown and is never sent again automatically.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, and_, func, or_, select

from webapp.clock import now
from webapp.db import schema
from webapp.db.connect import mark_changed
from webapp.db.faults import is_passing
from webapp.errors import Superseded, TaskError
from webapp.ports.deliveries import Delivery, NewDelivery, Reply, ReplyState, Target
from webapp.ports.delivery_state import DeliveryState
from webapp.tasks.cancellation import Control, StopRequest, StopRun
from webapp.tasks.ledger import rate_limit, slow_targets
from webapp.tasks.ledger.expansion import expand
from webapp.tasks.ledger.outcomes import (
    STOP_AFTER,
    columns_after,
    fail_unprepared,
    record_late_outcome,
    record_outcome,
    rest_of,
    stop,
)
from webapp.tasks.ledger.progress import Progress, ProgressClock
from webapp.tasks.ledger.send_gate import SendGate
from webapp.tasks.ledger.statements import fenced_read, mark
from webapp.tasks.model import Task
from webapp.tasks.patience import Patience
from webapp.tasks.resources import TaskResources
from webapp.tasks.transitions import Requests, counts, fenced_update, restate

AHEAD = 200  # deliveries read at once
CONNECTION_USABLE = (
    ReplyState.SENT,
    ReplyState.FAILED,
    ReplyState.SAVED,
)  # after these the connection can be used again

T = TypeVar("T")
log = logging.getLogger("outtray.tasks")
d, t = schema.delivery, schema.task


@dataclass(frozen=True)
class Pending:
    """A message whose reply is not committed yet; `columns` are those of its delivery."""

    delivery: Delivery
    reply: Reply
    columns: dict[str, Any]


class Ledger:
    """The deliveries of one running task, or of one of its channels; the parts of a task share `progress_clock`."""

    def __init__(
        self,
        resources: TaskResources,
        task: Task,
        control: Control,
        channel: str | None = None,
        progress_clock: ProgressClock | None = None,
    ) -> None:
        self._resources, self._task, self._control = resources, task, control
        self._mine = d.c.task == task.id if channel is None else and_(d.c.task == task.id, d.c.channel == channel)
        self._is_part = channel is not None
        self._ready: deque[Row[Any]] = deque()
        self._pending: Pending | None = None
        self._target: Target | None = None
        self._progress = Progress(task, progress_clock, is_part=self._is_part)
        self._patience = Patience(resources, control)
        self._gate = SendGate(self._patience, task, control, self.flush)

    def expand(self, new: Iterable[NewDelivery]) -> None:
        """Enters the deliveries, one batch per commit; continues after those that an earlier attempt entered."""
        for requests in expand(self._patience, self._task, new):
            self._handle(requests)

    def deliveries(self, target: Target) -> Iterator[Delivery]:
        """Yields the deliveries to hand over, each marked as sending; raises StopRun if the rest has to wait."""
        return (delivery for delivery, _ in self.prepared(target, lambda delivery: None))

    def prepared(self, target: Target, prepare: Callable[[Delivery], T]) -> Iterator[tuple[Delivery, T]]:
        """Yields deliveries as `deliveries` does, each with what `prepare` makes of it before it is marked.

        A delivery that cannot be prepared is failed with its reason: nothing of it was handed over.
        """
        if not self._is_part:
            self._progress.tally(self._patience.read(lambda conn: counts(conn, self._task.id)))
        self._target = target
        self._store_target(target)
        try:
            while (row := self._next()) is not None:
                self._require_success()
                self._get_ready(target)
                delivery = self._draft(row, target)
                try:
                    made = prepare(delivery)
                except Exception as error:  # noqa: BLE001 - one message must not end the run of all others
                    self._fail_unprepared(delivery, error)
                    continue
                if self._is_unlimited(target):
                    target.begin(row.to)
                if self._mark(delivery, target):
                    with slow_targets.sending(target.name):
                        yield delivery, made
                else:
                    target.give_up()
        finally:
            self.flush()
        self._wait_for_later()

    def settle(self, delivery: Delivery, reply: Reply) -> None:
        """Keeps the reply to a message until the next commit, which follows within 50 ms."""
        columns = columns_after(delivery, reply, self._resources.settings.retry_seconds)
        self._pending = Pending(delivery, reply, columns)
        self._progress.settled(columns["state"], reply)

    def _next(self) -> Row[Any] | None:
        if not self._ready:
            self.flush()  # else the last one, if it has to be retried, would still be "sending"
            due = or_(d.c.next_try.is_(None), d.c.next_try <= now())
            query = select(d).where(self._mine, d.c.state == DeliveryState.WAITING, due)
            query = query.order_by(d.c.position).limit(AHEAD)
            self._ready.extend(self._patience.read(lambda conn: conn.execute(query).all()))
        return self._ready[0] if self._ready else None

    def _store_target(self, target: Target) -> None:
        """Stores target and sender of the run for pages, also if no connection can be made."""
        columns = {"target": target.name, "sender": getattr(target, "sender", "")}
        if self._is_part or columns == {"target": self._task.target, "sender": self._task.sender}:
            return  # a part is one of several targets
        self._patience.write(lambda conn: fenced_update(conn, self._task.id, self._task.attempt, **columns))

    def _require_success(self) -> None:
        """Raises TaskError after STOP_AFTER failures in a row: more messages would fail too."""
        if self._pending and self._progress.failures_in_a_row >= STOP_AFTER:
            message = self._pending.reply.words
            self.flush()
            raise stop(self._progress.failures_in_a_row, message)

    def _is_unlimited(self, target: Target) -> bool:
        """Returns True if no rate limit applies: the envelope may be pipelined before the commit."""
        return not target.rate and not self._gate.speed.rate

    def _get_ready(self, target: Target) -> None:
        """Waits for rate, connection and control; settles the last message first if that takes long."""
        if self._pending and self._pending.reply.state not in CONNECTION_USABLE:
            self.flush()  # the connection is lost: a new one may take long
        self._gate.get(target)

    def _draft(self, row: Row[Any], target: Target) -> Delivery:
        """Returns the delivery as it will be marked."""
        sender = getattr(target, "sender", "")
        message_id = row.message_id or (sender and self._resources.message_id(self._task.id, row.position, sender))
        return Delivery(row.position, row.to, row.data, row.attempts + 1, message_id)

    def _fail_unprepared(self, delivery: Delivery, error: Exception) -> None:
        """Settles a delivery that cannot be prepared; faults of the task or of our infrastructure are raised."""
        if is_passing(error) or isinstance(error, TaskError | Superseded):
            raise error
        log.warning("task %s, delivery %s cannot be prepared", self._task.id, delivery.position, exc_info=error)
        self.flush()

        def step(conn: Connection) -> Requests:
            requests = fenced_update(conn, self._task.id, self._task.attempt)
            fail_unprepared(conn, self._task.id, delivery, error)
            mark_changed(conn)
            return requests

        requests = self._patience.write(step)
        self._ready.popleft()
        self._progress.left_out()
        self._handle(requests)

    def _mark(self, delivery: Delivery, target: Target) -> bool:
        """Settles the last message and marks this one, in one commit.

        Returns False if another slot took the rate permit, or if the recipient has unsubscribed in the meantime.
        """
        news = self._is_news

        def step(conn: Connection) -> tuple[Requests, bool, bool]:
            requests = self._write_pending(conn, news=news)
            if requests.requested is not None or not rate_limit.take(conn, target):
                return requests, False, False
            return requests, True, mark(conn, self._task.id, delivery)

        requests, is_free, is_marked = self._commit(step, news=news)
        if is_free and not is_marked:
            self._progress.left_out()
        self._handle(requests)
        if is_free:
            self._ready.popleft()
            self._gate.speed.step()
        return is_marked

    def flush(self) -> None:
        """Settles the last message now, if that has not happened yet."""
        if self._pending is None:
            return
        news = self._is_news or not self._is_part
        requests = self._commit(lambda conn: self._write_pending(conn, news=news), news=news)
        self._handle(requests, at_once=False)

    def _commit(self, step: Callable[[Connection], T], *, news: bool) -> T:
        """Commits a step that settles the pending message; `news`: it publishes the progress as well."""
        try:
            result = self._patience.write(step)
        except Superseded:
            self._record_late_reply()
            raise
        if news:
            self._progress.published(settles=self._pending is not None)
        self._pending = None
        return result

    def _write_pending(self, conn: Connection, *, news: bool) -> Requests:
        """Writes the outcome of the last message and, if there is `news`, the progress; returns the requests."""
        if news:
            requests = self._progress.publish(conn, settles=self._pending is not None)
        else:
            requests = fenced_read(conn, self._task.id, self._task.attempt)
        if self._pending:
            record_outcome(conn, self._task.id, self._pending.delivery, self._pending.columns)
            seconds = rest_of(self._pending.reply, self._resources.settings.retry_seconds)
            if self._target and self._target.rests and seconds:
                rate_limit.rest(conn, self._target, seconds)
        return requests

    @property
    def _is_news(self) -> bool:
        return self._progress.is_due(settles=self._pending is not None)

    def publish(self) -> None:
        """Publishes the final progress; per-channel ledgers may not have published their last results."""

        def step(conn: Connection) -> None:
            self._progress.tally(counts(conn, self._task.id))
            self._progress.publish(conn, settles=self._pending is not None)

        self._patience.write(step)

    def _record_late_reply(self) -> None:
        """Records a reply that arrives after the task was superseded: unknown becomes sent or failed."""
        pending, self._pending = self._pending, None
        if pending is None or pending.reply.state not in (ReplyState.SENT, ReplyState.FAILED):
            return
        columns = columns_after(pending.delivery, pending.reply, ())

        def step(conn: Connection) -> None:
            if record_late_outcome(conn, self._task.id, pending.delivery, columns):
                restate(conn, self._task.id)

        self._patience.write(step)

    def _handle(self, requests: Requests, *, at_once: bool = True) -> None:
        self._gate.speed.rate = requests.rate
        if requests.requested is not None:
            self._control.request(requests.requested)
            if at_once:
                self._control.check(between_messages=True)

    def _wait_for_later(self) -> None:
        query = select(func.min(d.c.next_try)).where(self._mine, d.c.state == DeliveryState.WAITING)
        earliest = self._patience.read(lambda conn: conn.execute(query).scalar())
        if earliest is not None:
            raise StopRun(StopRequest.WAIT, until=earliest, message="The server asked to try some of them again later.")
