"""Slows guessing of passwords down, per account and per network address; it outlives a restart.

Five tries are free for an account and twenty for a network address (an office behind one router shares it). After
those, one more may be made every 40 seconds, then 80, 160, … up to 15 minutes. An hour without a try forgets them.
"""

import ipaddress
import math
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, delete, select, update

from webapp.accounts import secrets
from webapp.clock import now
from webapp.db import schema
from webapp.db.upsert import insert_missing
from webapp.errors import UserError

FREE_PER_ACCOUNT = 5
FREE_PER_NETWORK = 20
FIRST_WAIT = 40  # seconds
LONGEST_WAIT = 15 * 60
FORGOTTEN_AFTER = timedelta(hours=1)

f = schema.login_failure


class TooManyTries(UserError):
    """Not even the right password is taken now; `seconds` says for how long."""

    status = 429

    def __init__(self, seconds: int) -> None:
        after = f"{seconds} seconds" if seconds != 1 else "1 second"
        if seconds > 2 * 60:
            after = f"{math.ceil(seconds / 60)} minutes"
        super().__init__(f"Too many tries. Try again in {after}.", "password")
        self.seconds = seconds


def take(conn: Connection, email: str, network: str, at: datetime | None = None) -> None:
    """Counts a try; TooManyTries where it may not be made.

    Called before the password is looked at: tries made at the same moment are counted as well.
    """
    moment = at or now()
    free = {_account(email): FREE_PER_ACCOUNT, _network(network): FREE_PER_NETWORK}
    conn.execute(delete(f).where(f.c.blocked_until < moment - FORGOTTEN_AFTER))
    rows = _locked(conn, list(free), moment)
    seconds = max(_seconds_to(row.blocked_until, moment, row.tries - free[who]) for who, row in rows.items())
    if seconds > 0:
        raise TooManyTries(math.ceil(seconds))
    for who, row in rows.items():
        wait = timedelta(seconds=_wait(row.tries + 1 - free[who]))
        conn.execute(update(f).where(f.c.who == who).values(count=row.tries + 1, blocked_until=moment + wait))


def forgive(conn: Connection, email: str, network: str, at: datetime | None = None) -> None:
    """Removes the tries of this account, also from the count of the network: the password was right."""
    moment = at or now()
    account, office = _account(email), _network(network)
    rows = _locked(conn, [account, office], moment)
    left = max(0, rows[office].tries - rows[account].tries)
    free = {"blocked_until": moment} if left < FREE_PER_NETWORK else {}
    conn.execute(update(f).where(f.c.who == office).values(count=left, **free))
    conn.execute(delete(f).where(f.c.who == account))


def _locked(conn: Connection, names: list[str], moment: datetime) -> Mapping[str, Row[str, int, datetime]]:
    insert_missing(conn, f, [{"who": who, "count": 0, "blocked_until": moment} for who in sorted(names)])
    query = (
        select(f.c.who, f.c.count.label("tries"), f.c.blocked_until)
        .where(f.c.who.in_(names))
        .order_by(f.c.who)
        .with_for_update()
    )
    return {row.who: row for row in conn.execute(query)}


def _seconds_to(blocked_until: datetime, moment: datetime, beyond: int) -> float:
    """Returns the seconds to wait; no more than this many tries cost, if the clock has been set back since."""
    seconds = (blocked_until - moment).total_seconds()
    return seconds if seconds <= LONGEST_WAIT else _wait(beyond)


def _wait(beyond: int) -> int:
    return 0 if beyond < 0 else min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(beyond, 10))


def _account(email: str) -> str:
    # A digest: the field may hold a password by mistake, or 5,000 characters.
    return "account " + secrets.digest(email.strip().lower())


def _network(address: str) -> str:
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return "network " + address[:100]
    if isinstance(known, ipaddress.IPv6Address) and known.ipv4_mapped is None:
        # One household or office is given a whole /64.
        return f"network {ipaddress.ip_network((known, 64), strict=False)}"
    return f"network {known}"
