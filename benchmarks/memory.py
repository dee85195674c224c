"""Memory (PSS) of every process, with 10,000 waiting tasks and 200 browsers that poll while tasks start and end."""

import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import httpx
import psutil
from sqlalchemy import insert, select

from tests.factories import make_person, make_task
from tests.serving import Serving, name_of
from webapp.accounts import sessions
from webapp.clock import now
from webapp.db import schema
from webapp.installation import build
from webapp.settings import Settings
from webapp.web.http.cookies import COOKIE

TASKS = int(os.environ.get("OUTTRAY_BENCH_TASKS", "10000"))
BROWSERS, PEOPLE = 200, 40
SECONDS = float(os.environ.get("OUTTRAY_BENCH_SECONDS", "60"))
POLL_EVERY, START_EVERY, LOOK_EVERY = 2.0, 0.2, 10.0  # seconds
MB = 1 << 20


def main() -> None:
    """Prints the PSS of each process (MB) before, then every LOOK_EVERY seconds."""
    with tempfile.TemporaryDirectory() as home:
        serving = Serving(Path(home)).start()
        try:
            cookies = fill(serving)
            program = serving.client()
            show("idle", serving)
            asyncio.run(load(serving, cookies, dict(program.headers)))
            time.sleep(5)
            show("after", serving)
        finally:
            serving.stop()


def fill(serving: Serving) -> list[str]:
    """Waiting tasks of all people; returns the cookies of their browsers."""
    installation = build(Settings(data_dir=serving.data))
    with installation.write() as conn:
        people = [make_person(conn, installation.settings, f"p{number}@example.com") for number in range(PEOPLE)]
        later = now() + timedelta(days=1)
        make_task(conn, people[0], "waiting", not_before=later, queue="mail")
        row = dict(conn.execute(select(schema.task)).mappings().one())
        del row["id"]
        rows = [row | {"owner": people[n % PEOPLE].id, "key": f"k{n}"} for n in range(TASKS - 1)]
        conn.execute(insert(schema.task), rows)
        cookies = [sessions.start(conn, people[number % PEOPLE].id) for number in range(BROWSERS)]
    installation.close()
    return cookies


async def load(serving: Serving, cookies: list[str], headers: dict[str, str]) -> None:
    """Polls and starts tasks for SECONDS, and shows the memory meanwhile."""
    ended = asyncio.Event()
    counts: dict[int, int] = defaultdict(int)
    workers = [asyncio.create_task(poll(serving.url, cookie, counts, ended)) for cookie in cookies]
    workers.append(asyncio.create_task(start(serving.url, headers, ended)))
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        await asyncio.sleep(LOOK_EVERY)
        show(f"{SECONDS - (until - time.monotonic()):.0f} s", serving)
    ended.set()
    await asyncio.gather(*workers)
    print("answers by status:", dict(counts))


async def poll(url: str, cookie: str, counts: dict[int, int], ended: asyncio.Event) -> None:
    """One browser on Home."""
    seen = "0"
    async with httpx.AsyncClient(base_url=url, cookies={COOKIE: cookie}, timeout=60) as browser:
        while not ended.is_set():
            with contextlib.suppress(httpx.TransportError):
                answer = await browser.get("/tasks/log", params={"seen": seen})
                counts[answer.status_code] += 1
                seen = answer.headers.get("X-Seen", seen)
            await asyncio.sleep(POLL_EVERY)


async def start(url: str, headers: dict[str, str], ended: asyncio.Event) -> None:
    """Somebody who starts tasks, so that there is something to show."""
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as program:
        while not ended.is_set():
            with contextlib.suppress(httpx.TransportError):
                await program.post("/api/v1/tasks", json={"kind": "self-test", "form": {"seconds": 0.05}})
            await asyncio.sleep(START_EVERY)


def show(when: str, serving: Serving) -> None:
    """One line: the PSS of each process and of all."""
    sizes = {name(process, serving): pss(process) for process in serving.tree()}
    told = "  ".join(f"{one} {size / MB:.0f}" for one, size in sorted(sizes.items()))
    print(f"{when:>6}  {told}  all {sum(sizes.values()) / MB:.0f} MB", flush=True)


def name(process: psutil.Process, serving: Serving) -> str:
    worker = name_of(process, serving.data)
    return worker.split("-")[1] if "-" in worker else f"process {process.pid}"


def pss(process: psutil.Process) -> int:
    """Bytes; a page that several processes share counts in parts."""
    with contextlib.suppress(psutil.Error):
        return int(process.memory_full_info().pss)
    return 0


if __name__ == "__main__":
    sys.exit(main())
