"""Before a message is marked: its turn, a place at the server, a connection, speed, and what people want."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from webapp import clock
from webapp.clock import now
from webapp.db import schema
from webapp.ports.deliveries import Target
from webapp.tasks import queries
from webapp.tasks.cancellation import Control, StopRequest, StopRun
from webapp.tasks.ledger import rate_limit, slow_targets
from webapp.tasks.model import Task
from webapp.tasks.patience import Patience

SETTLE_ALONE = 0.05  # seconds that a settled message may wait for the next one's mark
TURN = 5.0  # seconds after which a run lets another one go first
CLOSED = 30.0  # seconds until a run asks again whether its target is open
CROWDED = 2.0  # seconds, at least, until a run asks again for a place that was not to be had
LOOK = 0.5  # seconds between two looks at what people want, while a run waits for its next message
PLACE = 0.02  # seconds between two looks for a place at the server

t = schema.task


class SendGate:
    """Waits, for one run, until its next message may go; `flush` settles the last one first where that takes long."""

    def __init__(self, patience: Patience, task: Task, control: Control, flush: Callable[[], None]) -> None:
        self._patience, self._task, self._control, self._flush = patience, task, control, flush
        self._began = clock.monotonic()
        self._spread = task.id % 16 / 10  # seconds: so that not all that wait come back at the same moment
        self.speed = rate_limit.RunRate(task.rate)

    def get(self, target: Target) -> None:
        """Returns when a message may be handed over now; raises StopRun if the run has to end or to wait outside."""
        while True:
            self._give_way(target)
            if why := target.closed():
                raise StopRun(StopRequest.WAIT, until=now() + timedelta(seconds=CLOSED), words=why)
            self._wait_for_place(target)
            target.ready()
            seconds = self._seconds_to_wait(target)
            if seconds <= 0:
                break
            if seconds > SETTLE_ALONE:
                self._flush()
            if seconds > target.patience:
                later = seconds + (self._spread if target.rests else 0)
                raise StopRun(StopRequest.WAIT, until=now() + timedelta(seconds=later))
            self._control.wait(min(seconds, LOOK))
            self._control.check(between_messages=True)
            self._look_at_speed()
        self._control.check(between_messages=True)

    def _give_way(self, target: Target) -> None:
        """To a single mail at once, to another run after a while."""
        if target.is_wanted():
            self._flush()
            target.step_aside()
        if clock.monotonic() - self._began < TURN:
            return
        self._began = clock.monotonic()
        another = self._patience.read(lambda conn: queries.next_due(conn, self._task.queue, now()))
        if another is not None:
            raise StopRun(StopRequest.YIELD)

    def _wait_for_place(self, target: Target) -> None:
        """Only so many may be connected to a server at once."""
        began = clock.monotonic()
        while not target.admit():
            self._flush()
            if clock.monotonic() - began > target.patience or slow_targets.is_slow(target.name):
                # As many as wait for a slow target would else fill all slots.
                raise StopRun(StopRequest.WAIT, until=now() + timedelta(seconds=CROWDED * (1 + self._spread)))
            self._control.wait(PLACE)
            self._control.check(between_messages=True)

    def _seconds_to_wait(self, target: Target) -> float:
        if not target.rate and not target.rests:
            return self.speed.seconds_to_wait()
        shared = self._patience.read(lambda conn: rate_limit.seconds_to_wait(conn, target))
        return max(shared, self.speed.seconds_to_wait())

    def _look_at_speed(self) -> None:
        """Somebody may have changed it while the run waits for its next message."""
        query = select(t.c.rate).where(t.c.id == self._task.id)
        self.speed.rate = self._patience.read(lambda conn: conn.execute(query).scalar())
