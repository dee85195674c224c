"""Notifications with 10 targets each, to the log file and to a webhook; the bell in the poll; the import of Apprise."""

import contextlib
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from sqlalchemy import func, select

from tests.factories import make_person, make_task
from tests.notify.targets import Hook
from tests.serving import Serving
from webapp.accounts import people
from webapp.clock import now
from webapp.connections import channels
from webapp.connections.channels import ChannelRecord
from webapp.db import schema
from webapp.db.migrate import bring_up_to_date
from webapp.installation import Installation, build
from webapp.settings import Settings
from webapp.tasks import commands, inbox
from webapp.web.tasks import log_view
from webapp.web.tasks.log_view import Filter

NUMBER = int(os.environ.get("OUTTRAY_BENCH_NOTIFICATIONS", "200"))
TARGETS = 10
IMPORT = """
import json, sys, time
rss = lambda: int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6
{before}
used, began = rss(), time.perf_counter()
{measured}
print(json.dumps([time.perf_counter() - began, rss() - used, "apprise" in sys.modules]))
"""
t = schema.task


def main() -> None:
    """Prints one line per figure."""
    with _target() as url, tempfile.TemporaryDirectory() as folder:
        serving = Serving(Path(folder)).start()
        try:
            serving.client()  # makes the first admin
            installation = build(Settings(data_dir=serving.data))
            for name, form in (("log file", _to_log()), ("local webhook", _to_webhooks(installation, url))):
                seconds = _sent(installation, form)
                rate = f"{NUMBER / seconds:8.1f} notifications a second, {NUMBER * TARGETS / seconds:8.0f} deliveries"
                print(f"to the {name:16} {rate} ({NUMBER} with {TARGETS} targets each)")
            installation.close()
        finally:
            serving.stop()
    log, bell = _bell()
    print(f"the log of a poll {log * 1000:8.2f} ms, the bell on it {bell * 1000:8.2f} ms more")
    seconds, mb, _ = _import("import requests", "import webapp.notify.channels")
    _, _, is_there = _import("", "import webapp.app")
    web = "has" if is_there else "lacks"
    print(f"importing Apprise {seconds * 1000:8.0f} ms, {mb:8.1f} MB; the web process {web} it")


@contextlib.contextmanager
def _target() -> Iterator[str]:
    """Runs a webhook in another process, so that it does not share an interpreter with the measured code."""
    mine, its = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(its,), daemon=True)
    process.start()
    try:
        yield mine.recv()
    finally:
        mine.close()
        process.kill()
        process.join()


def _serve(pipe: Connection) -> None:
    with Hook() as hook:
        pipe.send(hook.url())
        with contextlib.suppress(EOFError):
            pipe.recv()


def _to_log() -> dict[str, object]:
    return {"message": "The parcel is here.", "channels": ["log"], "to": [f"p{n}@example.com" for n in range(TARGETS)]}


def _to_webhooks(installation: Installation, url: str) -> dict[str, object]:
    with installation.write() as conn:
        numbers = [
            channels.save(
                conn,
                installation.secrets,
                ChannelRecord(name=f"Place {n}", service="JSON", internal=True),
                f"{url}/{n}",
            )
            for n in range(TARGETS)
        ]
    return {"message": "The parcel is here.", "channels": [str(one) for one in numbers]}


def _sent(installation: Installation, form: dict[str, object]) -> float:
    """Returns the seconds from the time at which all tasks may start until the last one has ended."""
    kind, moment = installation.kind("notification"), now() + timedelta(seconds=2)
    with installation.write() as conn:
        root = people.listing(conn, installation.settings)[0].person
        made = [
            commands.start(conn, installation.engine, kind, kind.form.model_validate(form), root, not_before=moment).id
            for _ in range(NUMBER)
        ]
    mine = t.c.id.in_(made)
    while True:
        time.sleep(0.5)
        with installation.read() as conn:
            ended, last = conn.execute(
                select(func.count(), func.max(t.c.finished)).where(mine, t.c.finished.is_not(None))
            ).one()
            states = set(conn.execute(select(t.c.state).where(mine).distinct()).scalars())
        if ended == NUMBER:
            assert states == {"done"}, states
            return (last - moment).total_seconds()


def _bell() -> tuple[float, float]:
    """Returns the median seconds for reading a full log, and for the bell of a person with 1,000 notices."""
    with tempfile.TemporaryDirectory() as folder:
        installation = build(Settings(data_dir=Path(folder)))
        bring_up_to_date(installation.database)
        with installation.write() as conn:
            ana = make_person(conn, installation.settings, "ana@example.com", "Ana")
            for number in range(1_000):
                make_task(conn, ana)
                notice = inbox.NewNotice(
                    person=ana.id, title="Meeting", text="At nine.", key=str(number), is_read=number < 980
                )
                inbox.notify(conn, notice)
        with installation.read() as conn:
            log = _median(lambda: log_view.read(conn, ana, "/", Filter()))
            bell = _median(lambda: inbox.bell(conn, ana))
        installation.close()
    return log - bell, bell


def _median(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(100):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def _import(before: str, measured: str) -> tuple[float, float, bool]:
    """Returns the seconds and MB of an import in a fresh process, and whether it loads Apprise."""
    code = IMPORT.format(before=before, measured=measured)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, mb, is_there = json.loads(done.stdout)
    return seconds, mb, is_there


if __name__ == "__main__":
    main()
