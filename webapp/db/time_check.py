"""Judges whether this machine's clock can be believed, before anything is deleted for its age.

One start with a clock 400 days ahead would else delete everything. A reading is believed if it is within a day of the
last one that was believed, and of the database server's own time. One further away has to stay steady first: over 24
readings, an hour of running apart.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from sqlalchemy import Connection, func, select

from webapp.clock import now
from webapp.db import preferences, schema

FAR = timedelta(days=1)
READINGS = 24
PAUSE = timedelta(days=7)  # the panel may be switched off so long between two readings that confirm each other
KEY = "clock"


@dataclass(frozen=True)
class Noted:
    """The state between two readings: the last believed one, the last one, and how many confirmed it."""

    believed: datetime
    last: datetime
    readings: int = 0

    @classmethod
    def read(cls, conn: Connection) -> Self | None:
        """Returns what was noted; None if nothing was, or nothing that can be read."""
        stored = preferences.get(conn, preferences.EVERYBODY, KEY)
        try:
            believed, last = (datetime.fromisoformat(stored[name]) for name in ("believed", "last"))
            return cls(believed, last, int(stored["readings"]))
        except (KeyError, TypeError, ValueError):
            return None

    def write(self, conn: Connection) -> None:
        times = {"believed": self.believed.isoformat(), "last": self.last.isoformat()}
        preferences.put(conn, preferences.EVERYBODY, KEY, {**times, "readings": self.readings})


@dataclass(frozen=True)
class TimeCheck:
    """One reading of the clock beside what is known; `database` is the database server's own time, if it has one."""

    moment: datetime
    believed: datetime | None
    database: datetime | None
    readings: int = 0

    @property
    def is_believed(self) -> bool:
        return not self.warning

    @property
    def differs_from_database(self) -> bool:
        return self.database is not None and abs(self.moment - self.database) > FAR

    @property
    def warning(self) -> str:
        """Returns what is wrong and what to do; empty if nothing is."""
        if self.database and self.differs_from_database:
            return (
                f"The clock of this machine says {_written(self.moment)}, the clock of the database server says "
                f"{_written(self.database)}. Set the one that is wrong. Nothing old is deleted until they agree."
            )
        if self.believed and abs(self.moment - self.believed) > FAR:
            side = "after" if self.moment > self.believed else "before"
            return (
                f"The clock of this machine says {_written(self.moment)}, more than a day {side} the last time that "
                f"Outtray noted, {_written(self.believed)}. Set the clock if it is wrong. Nothing old is deleted until "
                f"Outtray has run for {READINGS - self.readings} more hours with this clock."
            )
        return ""


def look(conn: Connection) -> TimeCheck:
    """Returns a reading of the clock beside what is known; writes nothing."""
    noted = Noted.read(conn)
    believed = noted.believed if noted else _newest_row(conn)
    return TimeCheck(now(), believed, _database_time(conn), noted.readings if noted else 0)


def confirm(conn: Connection, *, counts: bool) -> TimeCheck:
    """Returns a reading as `look` does, and notes it; `counts`: an hour of running has passed since one was counted."""
    found, noted = look(conn), Noted.read(conn)
    readings = 0 if found.is_believed or found.differs_from_database else _steady(found, noted, counts=counts)
    is_believed = found.is_believed or readings >= READINGS
    believed = found.moment if is_believed or not found.believed else found.believed
    readings = 0 if is_believed else readings
    Noted(believed, found.moment, readings).write(conn)
    return TimeCheck(found.moment, believed, found.database, readings)


def _steady(found: TimeCheck, noted: Noted | None, *, counts: bool) -> int:
    """Returns how many readings confirm this one; 0 if the clock has jumped since the last."""
    is_steady = noted is not None and -FAR <= found.moment - noted.last <= PAUSE
    return found.readings + counts if is_steady else 0


def _newest_row(conn: Connection) -> datetime | None:
    """Returns the latest time in the tables that every use of the panel writes to; None if they are empty."""
    line, audit = schema.task_line, schema.audit
    queries = (
        select(line.c.at).order_by(line.c.id.desc()).limit(1),
        select(audit.c.at).order_by(audit.c.id.desc()).limit(1),
        select(func.max(schema.session.c.seen)),
        select(func.max(schema.upload.c.created)),
        select(func.max(schema.person.c.created)),
    )
    found = (conn.execute(query).scalar() for query in queries)
    return max((moment for moment in found if moment), default=None)


def _database_time(conn: Connection) -> datetime | None:
    """Returns None on SQLite, which has no clock of its own."""
    if conn.dialect.name == "sqlite":
        return None
    moment: datetime = conn.execute(select(func.clock_timestamp())).scalar_one()
    return moment


def _written(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"
