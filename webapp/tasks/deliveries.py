"""The ledger: no message begins before the database says that it has begun, and none begins twice.

One commit settles message N and marks N+1 as sending; if N+1 cannot go at once, N is settled alone. What was marked
when a process died is unknown and is never sent again by itself.
"""

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, insert, or_, select, update

from webapp.db import schema
from webapp.db.connect import mark_changed
from webapp.db.types import now
from webapp.errors import Superseded
from webapp.ports import Delivery, NewDelivery, Reply, Target
from webapp.tasks import pace, queries
from webapp.tasks.changes import counts, fenced, restate
from webapp.tasks.control import Control, LetGo
from webapp.tasks.model import Task
from webapp.tasks.workshop import Workshop

BATCH = 1_000  # deliveries entered in one commit
AHEAD = 200  # deliveries read at once
SHOWN_EVERY = 0.25  # seconds between two changes that pages hear of
SETTLE_ALONE = 0.05  # seconds that a settled message may wait for the next one's mark
TURN = 5.0  # seconds after which a run lets another one go first

d, t = schema.delivery, schema.task
FINAL = ("sent", "failed", "unknown", "skipped", "saved")


class Ledger:
    """The deliveries of one running task."""

    def __init__(self, shop: Workshop, task: Task, control: Control) -> None:
        self._shop, self._task, self._control = shop, task, control
        self._ready: deque[Row[Any]] = deque()
        self._pending: tuple[Delivery, Reply] | None = None
        self._began = time.monotonic()
        self._shown = 0.0
        self._done = self._sent = self._total = 0

    def expand(self, new: Iterable[NewDelivery]) -> None:
        """Enters the deliveries, a batch a commit; goes on where an earlier attempt broke off."""
        if self._task.expanded:
            return
        with self._shop.read() as conn:
            entered = sum(counts(conn, self._task.id).values())
        batch: list[dict[str, Any]] = []
        for position, delivery in enumerate(new):
            if position >= entered:
                batch.append(_new_row(self._task.id, position, delivery))
            if len(batch) == BATCH:
                self._enter(batch)
                batch = []
        self._enter(batch, last=True)

    def run(self, target: Target) -> Iterator[Delivery]:
        """Yields what is to be handed over now; raises LetGo where the rest has to wait."""
        with self._shop.read() as conn:
            self._tally(counts(conn, self._task.id))
        try:
            while (row := self._next()) is not None:
                self._get_ready(target)
                if delivery := self._mark(row, target):
                    self._ready.popleft()
                    yield delivery
        finally:
            self.flush()
        self._wait_for_later()

    def settle(self, delivery: Delivery, reply: Reply) -> None:
        """Keeps what came of a message until the next commit, which follows within 50 ms."""
        self._pending = (delivery, reply)

    def _enter(self, rows: list[dict[str, Any]], *, last: bool = False) -> None:
        with self._shop.write() as conn:
            done = {"expanded": True} if last else {}
            wish = fenced(conn, self._task.id, self._task.attempt, deaths=0, **done)
            if rows:
                conn.execute(insert(d), rows)
            mark_changed(conn)
        self._hear(wish)

    def _next(self) -> Row[Any] | None:
        if not self._ready:
            self.flush()  # else the last one, if it is to be tried again, would still be called "sending"
            due = or_(d.c.next_try.is_(None), d.c.next_try <= now())
            query = select(d).where(d.c.task == self._task.id, d.c.state == "waiting", due)
            with self._shop.read() as conn:
                self._ready.extend(conn.execute(query.order_by(d.c.position).limit(AHEAD)))
        return self._ready[0] if self._ready else None

    def _get_ready(self, target: Target) -> None:
        """Speed, connection and control; what takes long settles the last message first."""
        if self._pending and self._pending[1].state not in ("sent", "failed", "saved"):
            self.flush()  # the connection is gone: a new one may take its time
        self._give_way()
        target.ready()
        while target.rate:
            with self._shop.read() as conn:
                seconds = pace.seconds_to_wait(conn, target)
            if seconds > SETTLE_ALONE:
                self.flush()
            if seconds > TURN:
                raise LetGo("wait", until=now() + timedelta(seconds=seconds))
            if seconds <= 0:
                break
            self._control.wait(min(seconds, 0.5))
            self._control.check(between_messages=True)
        self._control.check(between_messages=True)

    def _give_way(self) -> None:
        if time.monotonic() - self._began < TURN:
            return
        self._began = time.monotonic()
        with self._shop.read() as conn:
            another = queries.next_due(conn, self._task.queue, now())
        if another is not None:
            raise LetGo("yield")

    def _mark(self, row: Row[Any], target: Target) -> Delivery | None:
        """One commit: settles the last message and marks this one; None where another slot took the place in line."""
        sender = getattr(target, "sender", "")
        message_id = row.message_id or (sender and self._shop.message_id(self._task.id, row.position, sender))
        with self._committing() as conn:
            wish = self._write_pending(conn)
            free = wish is None and pace.take(conn, target)
            if free:
                mark = update(d).where(d.c.task == row.task, d.c.position == row.position, d.c.state == "waiting")
                values = {"state": "sending", "attempts": row.attempts + 1, "message_id": message_id, "updated": now()}
                conn.execute(mark.values(**values, next_try=None))
        self._hear(wish)
        return Delivery(row.position, row.to, row.data, row.attempts + 1, message_id) if free else None

    def flush(self) -> None:
        """Settles the last message now, where that has not happened yet."""
        if self._pending is None:
            return
        with self._committing() as conn:
            wish = self._write_pending(conn)
        self._hear(wish, at_once=False)

    @contextmanager
    def _committing(self) -> Iterator[Connection]:
        try:
            with self._shop.write() as conn:
                yield conn
        except Superseded:
            self._late_word()
            raise
        self._pending = None

    def _write_pending(self, conn: Connection) -> str | None:
        """The fence, the progress and what came of the last message; returns a person's wish."""
        progress: dict[str, Any] = {"progress_total": self._total}
        if self._pending:
            delivery, reply = self._pending
            values = settled(delivery, reply, self._shop.retry_seconds)
            self._done += values["state"] in FINAL
            self._sent += values["state"] == "sent"
            progress |= {"deaths": 0, "tries": 0}
        words = f"{self._sent:,} of {self._total:,} sent"
        wish = fenced(
            conn, self._task.id, self._task.attempt, progress_done=self._done, progress_words=words, **progress
        )
        if self._pending:
            row = (d.c.task == self._task.id) & (d.c.position == delivery.position) & (d.c.state == "sending")
            conn.execute(update(d).where(row).values(**values))
        if time.monotonic() - self._shown > SHOWN_EVERY:
            self._shown = time.monotonic()
            mark_changed(conn)
        return wish

    def _late_word(self) -> None:
        """The one late write that counts: a server's reply turns unknown into sent or failed."""
        if self._pending is None or self._pending[1].state not in ("sent", "failed"):
            return
        (delivery, reply), self._pending = self._pending, None
        with self._shop.write() as conn:
            row = (d.c.task == self._task.id) & (d.c.position == delivery.position) & (d.c.state == "unknown")
            late = update(d).where(row, d.c.attempts == delivery.attempts)
            if conn.execute(late.values(**settled(delivery, reply, ()))).rowcount:
                restate(conn, self._task.id)

    def _hear(self, wish: str | None, *, at_once: bool = True) -> None:
        if wish in ("cancel", "pause"):
            self._control.ask(wish)  # type: ignore[arg-type]
            if at_once:
                self._control.check(between_messages=True)

    def _tally(self, by_state: dict[str, int]) -> None:
        self._total = sum(by_state.values())
        self._done = sum(by_state.get(state, 0) for state in FINAL)
        self._sent = by_state.get("sent", 0)

    def _wait_for_later(self) -> None:
        query = select(func.min(d.c.next_try)).where(d.c.task == self._task.id, d.c.state == "waiting")
        with self._shop.read() as conn:
            earliest = conn.execute(query).scalar()
        if earliest is not None:
            raise LetGo("wait", until=earliest, words="The server asked to try some of them again later.")


def settled(delivery: Delivery, reply: Reply, waits: Sequence[int]) -> dict[str, Any]:
    """The columns of a delivery after this reply; `waits` (s) are those before each further try."""
    state: str = reply.state
    words, next_try = reply.words, None
    if state in ("later", "lost"):
        tried = delivery.attempts - 1
        if tried >= len(waits):
            state, words = "failed", f"{words} It was tried {delivery.attempts} times."
        else:
            # The first loss of a connection is no reason to wait: the next connection may be well.
            seconds = 0 if state == "lost" and tried == 0 else waits[tried]
            state, next_try = "waiting", now() + timedelta(seconds=seconds)
    return {
        "state": state,
        "reply": words,
        "technical": reply.technical[:4_000],
        "next_try": next_try,
        "updated": now(),
    }


def _new_row(task_id: int, position: int, delivery: NewDelivery) -> dict[str, Any]:
    return {
        "task": task_id,
        "position": position,
        "to": delivery.to,
        "data": delivery.data,
        "state": "waiting",
        "updated": now(),
    }
