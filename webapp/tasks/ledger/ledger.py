"""The ledger: no message begins before the database says that it has begun, and none begins twice.

One commit settles message N and marks N+1 as sending; if N+1 cannot go at once, N is settled alone. What was marked
when a process died is unknown and is never sent again by itself.
"""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, or_, select, update

from webapp.db import schema
from webapp.db.connect import mark_changed
from webapp.db.types import now
from webapp.errors import Superseded
from webapp.ports.deliveries import Delivery, NewDelivery, Reply, Target
from webapp.tasks.cancellation import Control, StopRun
from webapp.tasks.ledger import rate_limit, slow_targets
from webapp.tasks.ledger.outcomes import STOP_AFTER, in_a_row, new_row, rest_of, settled, stop
from webapp.tasks.ledger.send_gate import SendGate
from webapp.tasks.ledger.statements import MARK, SETTLE, bound, fenced_read, leave_out
from webapp.tasks.model import LEFT_OUT, Task
from webapp.tasks.resources import TaskResources
from webapp.tasks.transitions import Requests, counts, fenced_update, restate

BATCH = 1_000  # deliveries entered in one commit
AHEAD = 200  # deliveries read at once
SHOWN_EVERY = 0.25  # seconds between two changes that pages hear of

d, t = schema.delivery, schema.task
FINAL = ("sent", "failed", "unknown", "skipped", "saved", *LEFT_OUT)


class ProgressClock:
    """What pages have heard of a run; all parts of it share one."""

    def __init__(self) -> None:
        self.at = 0.0  # monotonic seconds
        self.has_settled = False


class Ledger:
    """The deliveries of one running task, or of one of its channels; `shown` where there are several parts."""

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
        self._refused = task.refused
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
        """Yields what is to be handed over now; raises LetGo where the rest has to wait."""
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
        """Keeps what came of a message until the next commit, which follows within 50 ms."""
        self._pending = (delivery, reply)

    def _enter(self, rows: list[dict[str, Any]], *, last: bool = False) -> None:
        with self._resources.write() as conn:
            done = {"expanded": True} if last else {}
            wishes = fenced_update(conn, self._task.id, self._task.attempt, deaths=0, **done)
            if rows:
                conn.execute(insert(d), rows)
                leave_out(conn, self._task.id, rows[0]["position"], rows[-1]["position"])
            mark_changed(conn)
        self._hear(wishes)

    def _next(self) -> Row[Any] | None:
        if not self._ready:
            self.flush()  # else the last one, if it is to be tried again, would still be called "sending"
            due = or_(d.c.next_try.is_(None), d.c.next_try <= now())
            query = select(d).where(self._mine, d.c.state == "waiting", due)
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
        """Where everything fails, something is wrong that more messages only make worse."""
        if self._pending and in_a_row(self._refused, self._pending[1]) >= STOP_AFTER:
            words = self._pending[1].words
            self.flush()
            raise stop(self._refused, words)

    def _is_unlimited(self, target: Target) -> bool:
        """Whether the next message goes at once: then its envelope may go ahead of the mark."""
        return not target.rate and not self._readiness.speed.rate

    def _get_ready(self, target: Target) -> None:
        """Speed, connection and control; what takes long settles the last message first."""
        if self._pending and self._pending[1].state not in ("sent", "failed", "saved"):
            self.flush()  # the connection is gone: a new one may take its time
        self._readiness.get(target)

    def _mark(self, row: Row[Any], target: Target) -> Delivery | None:
        """One commit: settles the last message and marks this one; None where another slot took the place in line.

        None too where somebody unsubscribed in the meantime.
        """
        sender = getattr(target, "sender", "")
        message_id = row.message_id or (sender and self._resources.message_id(self._task.id, row.position, sender))
        with self._committing() as conn:
            wishes = self._write_pending(conn)
            free = wishes.asked is None and rate_limit.take(conn, target)
            if free:
                mark = bound(task=row.task, position=row.position, attempts=row.attempts + 1, message_id=message_id)
                is_wanted = MARK.run(conn, {**mark, **bound(updated=now())}).rowcount > 0
                if not is_wanted:
                    self._done += leave_out(conn, row.task, row.position, row.position)
        self._hear(wishes)
        if not free:
            return None
        self._ready.popleft()
        self._readiness.speed.step()
        if not is_wanted:
            return None
        return Delivery(row.position, row.to, row.data, row.attempts + 1, message_id)

    def flush(self) -> None:
        """Settles the last message now, where that has not happened yet."""
        if self._pending is None:
            return
        with self._committing() as conn:
            wishes = self._write_pending(conn, is_last=True)
        self._hear(wishes, at_once=False)

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
        """The fence, what came of the last message, and a few times a second the progress; returns the wishes."""
        if self._pending:
            delivery, reply = self._pending
            values = settled(delivery, reply, self._resources.settings.retry_seconds)
            self._done += values["state"] in FINAL
            self._sent += values["state"] == "sent"
            self._refused = in_a_row(self._refused, reply)
        is_news = self._is_news or (is_last and not self._is_part)
        wishes = self._show(conn) if is_news else fenced_read(conn, self._task.id, self._task.attempt)
        if self._pending:
            SETTLE.run(conn, bound(task=self._task.id, position=delivery.position, **values))
            if (
                self._target
                and self._target.rests
                and (seconds := rest_of(reply, self._resources.settings.retry_seconds))
            ):
                rate_limit.rest(conn, self._target, seconds)
        return wishes

    @property
    def _is_news(self) -> bool:
        """Whether pages are to hear of it now; the first message that is settled also ends a row of deaths."""
        is_first = self._pending is not None and not self._shown.has_settled
        return is_first or time.monotonic() - self._shown.at > SHOWN_EVERY

    def _show(self, conn: Connection) -> Requests:
        self._shown.at = time.monotonic()
        values: dict[str, Any] = {"progress_done": self._done, "progress_total": self._total}
        if self._pending:
            self._shown.has_settled = True
            values |= {"deaths": 0, "tries": 0, "refused": self._refused}
        if self._is_part:  # the others count as well, and this one is not written down yet
            self._tally(counts(conn, self._task.id))
            values |= {"progress_done": self._done, "progress_total": self._total}
        words = f"{self._sent:,} of {self._total:,} sent"
        mark_changed(conn)
        return fenced_update(conn, self._task.id, self._task.attempt, progress_words=words, **values)

    def show(self) -> None:
        """Where the run stands now: what its parts settled last may not have been shown."""
        with self._resources.write() as conn:
            self._tally(counts(conn, self._task.id))
            self._show(conn)

    def _late_word(self) -> None:
        """The one late write that counts: a server's reply turns unknown into sent or failed."""
        if self._pending is None or self._pending[1].state not in ("sent", "failed"):
            return
        (delivery, reply), self._pending = self._pending, None
        with self._resources.write() as conn:
            row = (d.c.task == self._task.id) & (d.c.position == delivery.position) & (d.c.state == "unknown")
            late = update(d).where(row, d.c.attempts == delivery.attempts)
            if conn.execute(late.values(**settled(delivery, reply, ()))).rowcount:
                restate(conn, self._task.id)

    def _hear(self, wishes: Requests, *, at_once: bool = True) -> None:
        self._readiness.speed.rate = wishes.rate
        if wishes.asked in ("cancel", "pause"):
            self._control.ask(wishes.asked)  # type: ignore[arg-type]
            if at_once:
                self._control.check(between_messages=True)

    def _tally(self, by_state: dict[str, int]) -> None:
        self._total = sum(by_state.values())
        self._done = sum(by_state.get(state, 0) for state in FINAL)
        self._sent = by_state.get("sent", 0)

    def _wait_for_later(self) -> None:
        query = select(func.min(d.c.next_try)).where(self._mine, d.c.state == "waiting")
        with self._resources.read() as conn:
            earliest = conn.execute(query).scalar()
        if earliest is not None:
            raise StopRun("wait", until=earliest, words="The server asked to try some of them again later.")
