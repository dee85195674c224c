"""Blocks until the next message may be sent: fairness, connection limit, connection, rate, cancel or pause."""

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
TURN = 5.0  # seconds after which a run yields to another one
RECHECK_CLOSED = 30.0  # seconds until a run checks again if its target is open
NO_PERMIT = 2.0  # seconds, at least, until a run tries again to get a connection permit
CHECK_EVERY = 0.5  # seconds between two checks for requests, while a run waits for its next message
PERMIT_EVERY = 0.02  # seconds between two attempts to get a connection permit

t = schema.task


class SendGate:
    """Waits, for one run, until its next message may be sent; `flush` settles the last one before a long wait."""

    def __init__(self, patience: Patience, task: Task, control: Control, flush: Callable[[], None]) -> None:
        self._patience, self._task, self._control, self._flush = patience, task, control, flush
        self._began = clock.monotonic()
        self._spread = task.id % 16 / 10  # seconds: spreads the retries of waiting runs
        self.speed = rate_limit.RunRate(task.rate)

    def get(self, target: Target) -> None:
        """Returns when a message may be sent; raises StopRun if the run has to end, or to wait without its slot."""
        while True:
            self._yield_if_needed(target)
            if why := target.closed():
                raise StopRun(StopRequest.WAIT, until=now() + timedelta(seconds=RECHECK_CLOSED), message=why)
            self._wait_for_permit(target)
            target.ready()
            seconds = self._seconds_to_wait(target)
            if seconds <= 0:
                break
            if seconds > SETTLE_ALONE:
                self._flush()
            if seconds > target.patience:
                later = seconds + (self._spread if target.rests else 0)
                raise StopRun(StopRequest.WAIT, until=now() + timedelta(seconds=later))
            self._control.wait(min(seconds, CHECK_EVERY))
            self._control.check(between_messages=True)
            self._read_speed()
        self._control.check(between_messages=True)

    def _yield_if_needed(self, target: Target) -> None:
        """Yields at once to a single email, and to another run after TURN seconds."""
        if target.is_wanted():
            self._flush()
            target.step_aside()
        if clock.monotonic() - self._began < TURN:
            return
        self._began = clock.monotonic()
        another = self._patience.read(lambda conn: queries.next_due(conn, self._task.queue, now()))
        if another is not None:
            raise StopRun(StopRequest.YIELD)

    def _wait_for_permit(self, target: Target) -> None:
        """Waits for a connection permit: the number of connections to a server is limited."""
        began = clock.monotonic()
        while not target.admit():
            self._flush()
            if clock.monotonic() - began > target.patience or slow_targets.is_slow(target.name):
                # Else the runs that wait for a slow target would fill all slots.
                raise StopRun(StopRequest.WAIT, until=now() + timedelta(seconds=NO_PERMIT * (1 + self._spread)))
            self._control.wait(PERMIT_EVERY)
            self._control.check(between_messages=True)

    def _seconds_to_wait(self, target: Target) -> float:
        if not target.rate and not target.rests:
            return self.speed.seconds_to_wait()
        shared = self._patience.read(lambda conn: rate_limit.seconds_to_wait(conn, target))
        return max(shared, self.speed.seconds_to_wait())

    def _read_speed(self) -> None:
        """Reads the speed again: a person may have changed it while the run waits."""
        query = select(t.c.rate).where(t.c.id == self._task.id)
        self.speed.rate = self._patience.read(lambda conn: conn.execute(query).scalar())
