"""Notices that the clock was set back, and moves what waits for its time back by as much.

A wait such as "in 10 seconds" is stored as a moment. Without this that moment would be an hour and 10 seconds away once
the clock has been set back by an hour: rates, undo windows and retries would stand still for an hour. A moment that a
program chose (`not_before` of the API) stays as it is.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from webapp import clock
from webapp.db import preferences, schema
from webapp.installation import Installation
from webapp.maintenance import waiting_times

LOOK_EVERY = 1.0  # seconds
LEAST = 2.0  # seconds; less than that nobody notices, and a time service corrects a clock in small steps
SAME = 10.0  # seconds within which two processes of one machine notice the same step
LINES = 1_000  # of the task logs, looked at after a start
KEY = "clock-step"
line = schema.task_line
log = logging.getLogger("outtray.clock")


class ClockWatch:
    """Compares the wall clock with the monotonic one; `begin` finds a step that happened while nothing ran."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._ahead = _ahead()

    def begin(self) -> None:
        """Sets the waits back if what was written last bears a later time than now."""
        with self._installation.write() as conn:
            noted = preferences.get(conn, preferences.EVERYBODY, KEY) or {}
            latest = _latest_line(conn, after=noted.get("line", 0))
            back = (latest - clock.now()).total_seconds() if latest else 0.0
            if back > LEAST:
                self._set_back(conn, back)
            else:
                _note(conn, 0.0)

    def step(self) -> None:
        """Sets the waits back if the clock was set back since the last look."""
        ahead = _ahead()
        back = self._ahead - ahead
        if back > LEAST:
            with self._installation.write() as conn:
                if not _is_done(conn, back):
                    self._set_back(conn, back)
        elif back < -LEAST:
            log.info("The clock went ahead by %s, or this machine slept.", timedelta(seconds=round(-back)))
        self._ahead = ahead

    def _set_back(self, conn: Connection, seconds: float) -> None:
        moved = waiting_times.set_back(conn, self._installation.engine, timedelta(seconds=seconds))
        _note(conn, seconds)
        told = ", ".join(f"{number} {name}" for name, number in moved.items() if number) or "nothing"
        log.warning("The clock was set back by %s. Moved with it: %s.", timedelta(seconds=round(seconds)), told)


def _ahead() -> float:
    return clock.seconds() - clock.monotonic()


def _latest_line(conn: Connection, after: int) -> datetime | None:
    newest = select(line.c.at).where(line.c.id > after).order_by(line.c.id.desc()).limit(LINES).subquery()
    return conn.execute(select(func.max(newest.c.at))).scalar()


def _note(conn: Connection, seconds: float) -> None:
    """Keeps which lines have been looked at, and when which step was dealt with."""
    last = conn.execute(select(func.max(line.c.id))).scalar() or 0
    preferences.put(conn, preferences.EVERYBODY, KEY, {"line": last, "seconds": seconds, "at": clock.seconds()})


def _is_done(conn: Connection, seconds: float) -> bool:
    """Returns True if another process of this machine was quicker; waits for it if it is about to be."""
    m = schema.memory
    conn.execute(select(m.c.value).where(m.c.person == preferences.EVERYBODY, m.c.key == KEY).with_for_update())
    noted = preferences.get(conn, preferences.EVERYBODY, KEY) or {"seconds": 0.0, "at": 0.0}
    is_now = abs(clock.seconds() - noted["at"]) < SAME
    return bool(is_now and abs(seconds - noted["seconds"]) < LEAST)
