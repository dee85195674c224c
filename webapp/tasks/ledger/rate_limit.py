"""The pace that all slots share at one target, a row that says from when the next message may go; and a run's own.

The same row keeps everybody away from a target that had trouble.
"""

from sqlalchemy import Connection, insert, select, update

from webapp import clock
from webapp.db import schema
from webapp.ports.deliveries import LONGEST_AFTER, Target

LATE = 0.5  # seconds that a run makes up for: after a longer break its messages do not come in a heap

p = schema.pace


def seconds_to_wait(conn: Connection, target: Target) -> float:
    """Returns the seconds until this target takes another message."""
    if not target.rate and not target.rests:
        return 0.0
    free_at = conn.execute(select(p.c.next_free_at).where(p.c.target == target.name)).scalar()
    return _seconds_to(free_at or 0.0, clock.seconds(), target)


def take(conn: Connection, target: Target) -> bool:
    """Takes the next place in line, in the commit that marks the message; False where another slot was quicker."""
    if not target.rate:
        return True
    moment, interval = clock.seconds(), 1 / target.rate
    free_at = conn.execute(select(p.c.next_free_at).where(p.c.target == target.name)).scalar()
    if free_at is None:
        conn.execute(insert(p).values(target=target.name, next_free_at=moment + interval))
        return True
    if _seconds_to(free_at, moment, target) > 0:
        return False
    # From the place before, not from now: otherwise every commit's own time would slow the whole line down.
    following = min(max(free_at, moment - interval), moment) + interval
    mine = update(p).where(p.c.target == target.name, p.c.next_free_at == free_at)
    return conn.execute(mine.values(next_free_at=following)).rowcount == 1


def _seconds_to(free_at: float, moment: float, target: Target) -> float:
    """Returns 0 also for a time further away than any that is set here: the clock has been set back since."""
    longest = LONGEST_AFTER if target.rests else 0.0
    longest = max(longest, 1 / target.rate) if target.rate else longest
    seconds = free_at - moment
    return seconds if 0 < seconds <= longest else 0.0


def rest(conn: Connection, target: Target, seconds: float) -> None:
    """Nobody tries this target for so long."""
    until = clock.seconds() + seconds
    mine = update(p).where(p.c.target == target.name)
    if conn.execute(mine.values(next_free_at=until)).rowcount == 0:
        conn.execute(insert(p).values(target=target.name, next_free_at=until))


class RunRate:
    """The pace of one run: `rate` in messages per second, None where only its target sets one."""

    def __init__(self, rate: float | None) -> None:
        self.rate = rate
        self._line = 0.0  # monotonic seconds: when the last message was to go

    def seconds_to_wait(self) -> float:
        """How long until the next message of this run; changes at once with `rate`."""
        return max(0.0, self._line + 1 / self.rate - clock.monotonic()) if self.rate else 0.0

    def step(self) -> None:
        """A message goes now. Counted from the place before: the time of every commit would else slow it down."""
        moment = clock.monotonic()
        due = self._line + 1 / self.rate if self.rate else moment
        self._line = due if moment - due < LATE else moment
