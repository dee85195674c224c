"""In what condition the panel is: database, data directory, and the workers of each queue."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from webapp.clock import now
from webapp.db import time_check
from webapp.db.connect import server_of
from webapp.engine.heartbeats import LOOPS, moving, pulses
from webapp.engine.worker_locks import role_of
from webapp.installation import Installation
from webapp.settings import Settings
from webapp.tasks.views import metrics
from webapp.web.http.formatting import day_and_time, lasting, plural, size
from webapp.web.ops.health import can_write

LOW = 200_000_000  # bytes free, below which a larger report may fail
QUEUES = {
    "notify": "Notifications",
    "quick": "Single emails",
    "mail": "Emails to several",
    "reports": "Reports",
}
WORKERS = "Workers run with “outtray serve”, or with “outtray worker” beside “outtray web”."


@dataclass(frozen=True)
class Check:
    """One part of the panel and how it is; `advice` says what to do where several parts may share it."""

    name: str
    is_well: bool
    words: str
    advice: str = ""


def parts(installation: Installation) -> list[Check]:
    """Every part; those that fail say what to do, in their words or beside them."""
    return [
        _database(installation),
        _data_directory(installation),
        _clock(installation),
        *_queues(installation),
        *_loops(installation),
    ]


def _database(installation: Installation) -> Check:
    from webapp.db.migrate import is_up_to_date  # Alembic is of no use to any other page

    with installation.read() as conn:
        where = server_of(conn)
    if is_up_to_date(installation.database):
        return Check("Database", True, f"{where}. It is up to date.")
    return Check("Database", False, f"{where}. It is not up to date: run “outtray migrate”.")


def _data_directory(installation: Installation) -> Check:
    if not can_write(installation):
        return Check("Data directory", False, f"{installation.data_dir} cannot be written to.")
    free = installation.store.free_bytes()
    words = f"{installation.data_dir} has {size(free)} free."
    return Check("Data directory", free >= LOW, words if free >= LOW else f"{words} Make room: reports may fail.")


def _clock(installation: Installation) -> Check:
    with installation.read() as conn:
        found = time_check.look(conn)
    return Check("Clock", found.is_believed, found.warning or f"{day_and_time(found.moment, ZoneInfo('UTC'))} UTC.")


def _loops(installation: Installation) -> list[Check]:
    return [
        Check(
            pulse.title, not pulse.trouble, pulse.trouble or f"Last moved {lasting(timedelta(seconds=pulse.age))} ago."
        )
        for pulse in pulses(installation.run_dir)
        if pulse.name in LOOPS or pulse.trouble
    ]


def _queues(installation: Installation) -> list[Check]:
    moment = now()
    with installation.read() as conn:
        waiting = metrics.queues(conn, moment)
    alive = Counter(role_of(worker) for worker in moving(installation.run_dir))
    return [_queue(installation.settings, queue, alive, waiting.get(queue), moment) for queue in QUEUES]


def _queue(settings: Settings, queue: str, alive: Counter[str], due: metrics.Queue | None, moment: datetime) -> Check:
    wanted, in_web = settings.slots.get(queue, 0), settings.engine == "background"
    workers = alive["web"] if in_web else alive[queue]
    waits = f"{_tasks(due.due)}, the first for {lasting(moment - due.oldest)}." if due else "Nothing waits."
    if not wanted and (in_web or not workers):
        return Check(QUEUES[queue], due is None, f"OUTTRAY_SLOTS gives them no worker. {waits}")
    if not workers:
        return Check(QUEUES[queue], False, f"No worker is alive on this machine. {waits}", WORKERS)
    who = "The web process does them itself." if in_web else f"{plural(workers, 'worker')} alive."
    return Check(QUEUES[queue], True, f"{who} {waits}")


def _tasks(number: int) -> str:
    return "1 task waits" if number == 1 else f"{number:,} tasks wait"
