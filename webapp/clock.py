"""The only source of time: the wall clock in UTC, which tests shift by an offset, and the monotonic clock."""

import os
import time
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path

# A file with a number of seconds, read at every look, so that a test shifts the clock of processes that run already.
OFFSET_FILE = "OUTTRAY_TEST_CLOCK_OFFSET_FILE"


def now() -> datetime:
    """Returns this moment in UTC. It may jump in either direction: a wait must not depend on it alone."""
    moment = datetime.now(UTC)
    path = os.environ.get(OFFSET_FILE)
    return moment + timedelta(seconds=_offset(path)) if path else moment


def seconds() -> float:
    """Returns the same moment in seconds since 1970."""
    return now().timestamp()


def today(zone: tzinfo) -> date:
    """Returns the date of this moment in that zone."""
    return now().astimezone(zone).date()


def monotonic() -> float:
    """Returns seconds that only go forward; all processes of one machine count from the same start (its boot)."""
    return time.monotonic()


def _offset(path: str) -> float:
    try:
        return float(Path(path).read_text())
    except FileNotFoundError:
        return 0.0
