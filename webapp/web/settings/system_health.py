"""The health of the panel: database, data directory, and the workers of each queue."""

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


@dataclass(frozen=True, kw_only=True)
class Check:
    """The health of one part of the panel; `advice` says what to do, and may be shared by several parts."""

    name: str
    is_well: bool
    message: str
    advice: str = ""


def checks(installation: Installation) -> list[Check]:
    """Returns a check of every part; those that fail say what to do in their message or advice."""
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
    is_well = is_up_to_date(installation.database)
    state = "It is up to date." if is_well else "It is not up to date: run “outtray migrate”."
    return Check(name="Database", is_well=is_well, message=f"{where}. {state}")


def _data_directory(installation: Installation) -> Check:
    name = "Data directory"
    if not can_write(installation):
        return Check(name=name, is_well=False, message=f"{installation.data_dir} cannot be written to.")
    free = installation.store.free_bytes()
    message = f"{installation.data_dir} has {size(free)} free."
    if free >= LOW:
        return Check(name=name, is_well=True, message=message)
    return Check(name=name, is_well=False, message=f"{message} Make room: reports may fail.")


def _clock(installation: Installation) -> Check:
    with installation.read() as conn:
        reading = time_check.look(conn)
    message = reading.warning or f"{day_and_time(reading.moment, ZoneInfo('UTC'))} UTC."
    return Check(name="Clock", is_well=reading.is_believed, message=message)


def _loops(installation: Installation) -> list[Check]:
    return [
        Check(
            name=pulse.title,
            is_well=not pulse.trouble,
            message=pulse.trouble or f"Last moved {lasting(timedelta(seconds=pulse.age))} ago.",
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
    name, slots, in_web = QUEUES[queue], settings.slots.get(queue, 0), settings.engine == "background"
    workers = alive["web"] if in_web else alive[queue]
    waits = f"{_tasks(due.due)}, the first for {lasting(moment - due.oldest)}." if due else "Nothing waits."
    if not slots and (in_web or not workers):
        return Check(name=name, is_well=due is None, message=f"OUTTRAY_SLOTS gives them no worker. {waits}")
    if not workers:
        message = f"No worker is alive on this machine. {waits}"
        return Check(name=name, is_well=False, message=message, advice=WORKERS)
    who = "The web process does them itself." if in_web else f"{plural(workers, 'worker')} alive."
    return Check(name=name, is_well=True, message=f"{who} {waits}")


def _tasks(number: int) -> str:
    return "1 task waits" if number == 1 else f"{number:,} tasks wait"
