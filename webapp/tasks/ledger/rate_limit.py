"""Rate limits: one per target, shared by all slots as a row with the time of the next message, and one per run.

The same row keeps all runs away from a target that had trouble.
"""

from sqlalchemy import Connection, insert, select, update

from webapp import clock
from webapp.db import schema
from webapp.ports.deliveries import LONGEST_AFTER, Target

LATE = 0.5  # seconds of delay that a run makes up for; after a longer break it does not send a burst

p = schema.pace


def seconds_to_wait(conn: Connection, target: Target) -> float:
    """Returns the seconds until this target takes another message."""
    if not target.rate and not target.rests:
        return 0.0
    free_at = conn.execute(select(p.c.next_free_at).where(p.c.target == target.name)).scalar()
    return _seconds_to(free_at or 0.0, clock.seconds(), target)


def take(conn: Connection, target: Target) -> bool:
    """Takes the rate permit, in the commit that marks the message; returns False if another slot was faster."""
    if not target.rate:
        return True
    moment, interval = clock.seconds(), 1 / target.rate
    free_at = conn.execute(select(p.c.next_free_at).where(p.c.target == target.name)).scalar()
    if free_at is None:
        conn.execute(insert(p).values(target=target.name, next_free_at=moment + interval))
        return True
    if _seconds_to(free_at, moment, target) > 0:
        return False
    # Counted from the previous permit, not from now: else the time of every commit would lower the rate.
    following = min(max(free_at, moment - interval), moment) + interval
    mine = update(p).where(p.c.target == target.name, p.c.next_free_at == free_at)
    return conn.execute(mine.values(next_free_at=following)).rowcount == 1


def _seconds_to(free_at: float, moment: float, target: Target) -> float:
    """Returns 0 also for a time that is too far away: the clock was set back."""
    longest = LONGEST_AFTER if target.rests else 0.0
    longest = max(longest, 1 / target.rate) if target.rate else longest
    seconds = free_at - moment
    return seconds if 0 < seconds <= longest else 0.0


def rest(conn: Connection, target: Target, seconds: float) -> None:
    """Keeps all runs away from this target for `seconds`."""
    until = clock.seconds() + seconds
    mine = update(p).where(p.c.target == target.name)
    if conn.execute(mine.values(next_free_at=until)).rowcount == 0:
        conn.execute(insert(p).values(target=target.name, next_free_at=until))


class RunRate:
    """The rate limit of one run: `rate` in messages per second; None: only the target's limit applies."""

    def __init__(self, rate: float | None) -> None:
        self.rate = rate
        self._last_due = 0.0  # monotonic seconds: when the last message was due

    def seconds_to_wait(self) -> float:
        """Returns the seconds until the next message of this run; changes at once with `rate`."""
        return max(0.0, self._last_due + 1 / self.rate - clock.monotonic()) if self.rate else 0.0

    def step(self) -> None:
        """Records that a message is sent now; counted from when it was due, so that commits do not lower the rate."""
        moment = clock.monotonic()
        due = self._last_due + 1 / self.rate if self.rate else moment
        self._last_due = due if moment - due < LATE else moment
