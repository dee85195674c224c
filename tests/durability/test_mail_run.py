"""A run of 2,000 emails while processes are killed at random and the mail server misbehaves."""

import contextlib
import os
import random
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from math import inf

import psutil
import pytest

from tests.servers import MailServer
from tests.serving import Serving, everything, start_task, wait_ended
from tests.waiting import until

PEOPLE = int(os.environ.get("OUTTRAY_SOAK_PEOPLE", "1000"))
KILLS = int(os.environ.get("OUTTRAY_SOAK_KILLS", "10"))
FINAL = ("sent", "failed", "unknown", "skipped")


def address(number: int) -> str:
    return f"person{number}@example.com"


class Watch:
    """Reads the ledger, as a stranger does, all the while; `wrong` are the moments that did not add up."""

    def __init__(self, serving: Serving, run: int) -> None:
        self._path, self._run, self._stop = serving.data / "outtray.db", run, threading.Event()
        self.wrong: list[Counter[str]] = []
        self.looks = 0

    @contextlib.contextmanager
    def looking(self) -> Iterator[None]:
        thread = threading.Thread(target=self._look_on)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def settled(self) -> int:
        counts, _ = self._counts()
        return sum(counts[state] for state in FINAL)

    def _look_on(self) -> None:
        while not self._stop.wait(0.05):
            counts, is_expanded = self._counts()
            self.looks += 1
            if sum(counts.values()) > PEOPLE or (is_expanded and sum(counts.values()) != PEOPLE):
                self.wrong.append(counts)

    def _counts(self) -> tuple[Counter[str], bool]:
        with contextlib.closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=20)) as db:
            db.execute("BEGIN")
            expanded = db.execute("SELECT expanded FROM task WHERE id = ?", (self._run,)).fetchone()[0]
            rows = db.execute("SELECT state, count(*) FROM delivery WHERE task = ? GROUP BY state", (self._run,))
            return Counter(dict(rows.fetchall())), bool(expanded)


def _kill_one(serving: Serving) -> None:
    """Any process of the tree; where it was the supervisor, somebody starts the panel again."""
    process = random.choice(serving.tree())
    with contextlib.suppress(psutil.NoSuchProcess):
        process.kill()
    if serving.process and process.pid == serving.process.pid:
        serving.process.wait(10)
        serving.start()


def test_a_run_survives_kills_and_a_server_that_misbehaves(serving: Serving, mail: MailServer):
    mail.pause = 0.002
    for number in range(0, PEOPLE, 100):
        mail.on("rcpt", to=address(number), say="550 5.1.1 Who?", times=inf)
        mail.on("rcpt", to=address(number + 1), say="450 4.2.0 Later", times=1)
        mail.on("data", to=address(number + 2), drop=True, times=1)
    drops = [address(37), address(1234 % PEOPLE)]
    for to in drops:
        mail.on("end", to=to, drop=True, taken=True, times=1)
    client = serving.client()
    people = [address(number) for number in range(PEOPLE)]
    run = start_task(client, "email", {"to": people, "subject": "Hello", "body": "Hi"}, key="run")
    watch = Watch(serving, run)
    kills = 0
    with watch.looking():
        until(lambda: watch.settled() > 0, 20)
        while kills < KILLS and watch.settled() < PEOPLE:
            _kill_one(serving)
            kills += 1
            before = watch.settled()
            until(lambda before=before: watch.settled() > before or watch.settled() == PEOPLE, 10)
            goal = kills * PEOPLE // (KILLS + 5)
            until(lambda goal=goal: watch.settled() >= goal, 30)
        ended = wait_ended(client, run, 120)
    assert watch.looks > 20
    assert watch.wrong == []
    assert kills == KILLS
    assert ended["state"] == "attention"

    deliveries = everything(client, f"/api/v1/tasks/{run}/deliveries")
    by_state = Counter(delivery["state"] for delivery in deliveries)
    got = mail.counts()
    assert [delivery["to"] for delivery in deliveries] == people
    assert max(got.values()) == 1
    assert by_state["unknown"] <= kills + len(drops)
    assert by_state["failed"] == PEOPLE // 100
    assert by_state["sent"] + by_state["failed"] + by_state["unknown"] == PEOPLE
    assert all(got[delivery["to"]] == 1 for delivery in deliveries if delivery["state"] == "sent")


@pytest.mark.parametrize("pause", [0.0, 0.05])
def test_a_cancel_lets_at_most_one_more_message_out(serving: Serving, mail: MailServer, pause: float):
    mail.pause = pause
    client = serving.client()
    people = [address(number) for number in range(2_000)]
    run = start_task(client, "email", {"to": people, "subject": "Hello", "body": "Hi"})
    until(lambda: len(mail.messages) > 3)
    client.post(f"/api/v1/tasks/{run}/cancel").raise_for_status()
    out = len(mail.messages)
    ended = wait_ended(client, run, 15)
    assert ended["state"] == "cancelled"
    assert len(mail.messages) <= out + 1
    states = Counter(one["state"] for one in everything(client, f"/api/v1/tasks/{run}/deliveries"))
    assert states["sent"] + states["unknown"] == len(mail.messages)
    assert sum(states.values()) == len(people)
