"""The pace that all slots share at one target: a row that says from when the next message may go."""

import time

from sqlalchemy import Connection, insert, select, update

from webapp.db import schema
from webapp.ports import Target

p = schema.pace


def seconds_to_wait(conn: Connection, target: Target) -> float:
    """How long until this target takes another message."""
    if not target.rate:
        return 0.0
    free_at = conn.execute(select(p.c.next_free_at).where(p.c.target == target.name)).scalar()
    return max(0.0, (free_at or 0.0) - time.time())


def take(conn: Connection, target: Target) -> bool:
    """Takes the next place in line, in the commit that marks the message; False where another slot was quicker."""
    if not target.rate:
        return True
    moment, interval = time.time(), 1 / target.rate
    free_at = conn.execute(select(p.c.next_free_at).where(p.c.target == target.name)).scalar()
    if free_at is None:
        conn.execute(insert(p).values(target=target.name, next_free_at=moment + interval))
        return True
    if free_at > moment:
        return False
    # From the place before, not from now: otherwise every commit's own time would slow the whole line down.
    following = max(free_at, moment - interval) + interval
    mine = update(p).where(p.c.target == target.name, p.c.next_free_at == free_at)
    return conn.execute(mine.values(next_free_at=following)).rowcount == 1
