"""The ledger: no message begins before the database says that it has begun, and none begins twice.

One commit settles message N and marks N+1 as sending; if N+1 cannot go at once, N is settled alone. What was marked
when a process died is unknown and is never sent again by itself.
"""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, or_, select

from webapp.db import schema
from webapp.db.connect import mark_changed
from webapp.db.types import now
from webapp.errors import Superseded
from webapp.ports.deliveries import Delivery, NewDelivery, Reply, ReplyState, Target
from webapp.ports.delivery_state import Counts, DeliveryState, accepted
from webapp.tasks.cancellation import Control, StopRequest, StopRun
from webapp.tasks.ledger import rate_limit, slow_targets
from webapp.tasks.ledger.outcomes import (
    STOP_AFTER,
    columns_after,
    in_a_row,
    new_row,
    record_late_outcome,
    record_outcome,
    rest_of,
    stop,
)
from webapp.tasks.ledger.send_gate import SendGate
from webapp.tasks.ledger.statements import MARK, bound, fenced_read, skip_suppressed
from webapp.tasks.model import Task
from webapp.tasks.resources import TaskResources
from webapp.tasks.transitions import Requests, counts, fenced_update, restate

BATCH = 1_000  # deliveries entered in one commit
AHEAD = 200  # deliveries read at once
SHOWN_EVERY = 0.25  # seconds between two changes that pages hear of
TAKEN = (ReplyState.SENT, ReplyState.FAILED, ReplyState.SAVED)  # after these the connection can be used again

d, t = schema.delivery, schema.task


class ProgressClock:
    """When the progress of a run was last published; all parts of the run share one."""

    def __init__(self) -> None:
        self.at = 0.0  # monotonic seconds
        self.has_settled = False


class Ledger:
    """The deliveries of one running task, or of one of its channels; the parts of a task share `shown`."""

    def __init__(
        self,
        resources: TaskResources,
        task: Task,
        control: Control,
        channel: str | None = None,
        shown: ProgressClock | None = None,
    ) -> None:
        self._resources, self._task, self._control = resources, task, control
        self._mine = d.c.task == task.id if channel is None else and_(d.c.task == task.id, d.c.channel == channel)
        self._is_part = channel is not None
        self._ready: deque[Row[Any]] = deque()
        self._pending: tuple[Delivery, Reply] | None = None
        self._target: Target | None = None
        self._shown = shown or ProgressClock()
        self._done = self._sent = self._total = 0
        self._failures_in_a_row = task.consecutive_failures
        self._readiness = SendGate(resources, task, control, self.flush)

    def expand(self, new: Iterable[NewDelivery]) -> None:
        """Enters the deliveries, a batch a commit; goes on where an earlier attempt broke off."""
        if self._task.expanded:
            return
        with self._resources.read() as conn:
            entered = sum(counts(conn, self._task.id).values())
        batch: list[dict[str, Any]] = []
        for position, delivery in enumerate(new):
            if position >= entered:
                batch.append(new_row(self._task.id, position, delivery))
            if len(batch) == BATCH:
                self._enter(batch)
                batch = []
        self._enter(batch, last=True)

    def run(self, target: Target) -> Iterator[Delivery]:
        """Yields what is to be handed over now; raises StopRun if the rest has to wait."""
        if not self._is_part:
            with self._resources.read() as conn:
                self._tally(counts(conn, self._task.id))
        self._target = target
        self._say_where_to(target)
        try:
            while (row := self._next()) is not None:
                self._require_success()
                self._get_ready(target)
                if self._is_unlimited(target):
                    target.begin(row.to)
                if delivery := self._mark(row, target):
                    with slow_targets.sending(target.name):
                        yield delivery
                else:
                    target.give_up()
        finally:
            self.flush()
        self._wait_for_later()

    def deliveries(self, target: Target) -> Iterator[Delivery]:
        """As `run`: what a kind asks of the deliveries of one channel."""
        return self.run(target)

    def settle(self, delivery: Delivery, reply: Reply) -> None:
        """Keeps the reply to a message until the next commit, which follows within 50 ms."""
        self._pending = (delivery, reply)

    def _enter(self, rows: list[dict[str, Any]], *, last: bool = False) -> None:
        with self._resources.write() as conn:
            done = {"expanded": True} if last else {}
            requests = fenced_update(conn, self._task.id, self._task.attempt, crash_count=0, **done)
            if rows:
                conn.execute(insert(d), rows)
                skip_suppressed(conn, self._task.id, rows[0]["position"], rows[-1]["position"])
            mark_changed(conn)
        self._handle(requests)

    def _next(self) -> Row[Any] | None:
        if not self._ready:
            self.flush()  # else the last one, if it is to be tried again, would still be called "sending"
            due = or_(d.c.next_try.is_(None), d.c.next_try <= now())
            query = select(d).where(self._mine, d.c.state == DeliveryState.WAITING, due)
            with self._resources.read() as conn:
                self._ready.extend(conn.execute(query.order_by(d.c.position).limit(AHEAD)))
        return self._ready[0] if self._ready else None

    def _say_where_to(self, target: Target) -> None:
        """What the run sends through and from whom: pages tell it, also where no connection can be made."""
        where = {"target": target.name, "sender": getattr(target, "sender", "")}
        if self._is_part or where == {"target": self._task.target, "sender": self._task.sender}:
            return  # a part is one of several targets
        with self._resources.write() as conn:
            fenced_update(conn, self._task.id, self._task.attempt, **where)

    def _require_success(self) -> None:
        """Raises TaskError after STOP_AFTER failures in a row: more messages would only make it worse."""
        if self._pending and in_a_row(self._failures_in_a_row, self._pending[1]) >= STOP_AFTER:
            words = self._pending[1].words
            self.flush()
            raise stop(self._failures_in_a_row, words)

    def _is_unlimited(self, target: Target) -> bool:
        """True if no rate limit applies: the envelope may be pipelined before the commit."""
        return not target.rate and not self._readiness.speed.rate

    def _get_ready(self, target: Target) -> None:
        """Waits for rate, connection and control; settles the last message first if that takes long."""
        if self._pending and self._pending[1].state not in TAKEN:
            self.flush()  # the connection is gone: a new one may take its time
        self._readiness.get(target)

    def _mark(self, row: Row[Any], target: Target) -> Delivery | None:
        """Settles the last message and marks this one, in one commit.

        Returns None if another slot took the rate permit, or if the recipient has unsubscribed in the meantime.
        """
        sender = getattr(target, "sender", "")
        message_id = row.message_id or (sender and self._resources.message_id(self._task.id, row.position, sender))
        with self._committing() as conn:
            requests = self._write_pending(conn)
            free = requests.requested is None and rate_limit.take(conn, target)
            if free:
                mark = bound(task=row.task, position=row.position, attempts=row.attempts + 1, message_id=message_id)
                is_wanted = MARK.run(conn, {**mark, **bound(updated=now())}).rowcount > 0
                if not is_wanted:
                    self._done += skip_suppressed(conn, row.task, row.position, row.position)
        self._handle(requests)
        if not free:
            return None
        self._ready.popleft()
        self._readiness.speed.step()
        if not is_wanted:
            return None
        return Delivery(row.position, row.to, row.data, row.attempts + 1, message_id)

    def flush(self) -> None:
        """Settles the last message now, if that has not happened yet."""
        if self._pending is None:
            return
        with self._committing() as conn:
            requests = self._write_pending(conn, is_last=True)
        self._handle(requests, at_once=False)

    @contextmanager
    def _committing(self) -> Iterator[Connection]:
        try:
            with self._resources.write() as conn:
                yield conn
        except Superseded:
            self._late_word()
            raise
        self._pending = None

    def _write_pending(self, conn: Connection, *, is_last: bool = False) -> Requests:
        """Writes the outcome of the last message and, a few times a second, the progress; returns the requests."""
        if self._pending:
            delivery, reply = self._pending
            columns = columns_after(delivery, reply, self._resources.settings.retry_seconds)
            self._done += columns["state"].is_final
            self._sent += columns["state"].was_accepted
            self._failures_in_a_row = in_a_row(self._failures_in_a_row, reply)
        is_news = self._is_news or (is_last and not self._is_part)
        requests = self._show(conn) if is_news else fenced_read(conn, self._task.id, self._task.attempt)
        if self._pending:
            record_outcome(conn, self._task.id, delivery, columns)
            if (
                self._target
                and self._target.rests
                and (seconds := rest_of(reply, self._resources.settings.retry_seconds))
            ):
                rate_limit.rest(conn, self._target, seconds)
        return requests

    @property
    def _is_news(self) -> bool:
        """Whether pages are to hear of it now; the first message that is settled also ends a series of crashes."""
        is_first = self._pending is not None and not self._shown.has_settled
        return is_first or time.monotonic() - self._shown.at > SHOWN_EVERY

    def _show(self, conn: Connection) -> Requests:
        self._shown.at = time.monotonic()
        values: dict[str, Any] = {"progress_done": self._done, "progress_total": self._total}
        if self._pending:
            self._shown.has_settled = True
            values |= {"crash_count": 0, "retries": 0, "consecutive_failures": self._failures_in_a_row}
        if self._is_part:  # the others count as well, and this one is not written down yet
            self._tally(counts(conn, self._task.id))
            values |= {"progress_done": self._done, "progress_total": self._total}
        words = f"{self._sent:,} of {self._total:,} sent"
        mark_changed(conn)
        return fenced_update(conn, self._task.id, self._task.attempt, progress_words=words, **values)

    def show(self) -> None:
        """Publishes the final progress; per-channel ledgers may not have published their last results."""
        with self._resources.write() as conn:
            self._tally(counts(conn, self._task.id))
            self._show(conn)

    def _late_word(self) -> None:
        """The one late write that counts: a server's reply turns unknown into sent or failed."""
        if self._pending is None or self._pending[1].state not in (ReplyState.SENT, ReplyState.FAILED):
            return
        (delivery, reply), self._pending = self._pending, None
        with self._resources.write() as conn:
            if record_late_outcome(conn, self._task.id, delivery, columns_after(delivery, reply, ())):
                restate(conn, self._task.id)

    def _handle(self, requests: Requests, *, at_once: bool = True) -> None:
        self._readiness.speed.rate = requests.rate
        if requests.requested is not None:
            self._control.request(requests.requested)
            if at_once:
                self._control.check(between_messages=True)

    def _tally(self, found: Counts) -> None:
        self._total = sum(found.values())
        self._done = sum(number for result, number in found.items() if result.is_final)
        self._sent = accepted(found)

    def _wait_for_later(self) -> None:
        query = select(func.min(d.c.next_try)).where(self._mine, d.c.state == DeliveryState.WAITING)
        with self._resources.read() as conn:
            earliest = conn.execute(query).scalar()
        if earliest is not None:
            raise StopRun(StopRequest.WAIT, until=earliest, words="The server asked to try some of them again later.")
