"""kill -9 of everything at random moments: none lost, none stuck, nobody mailed twice."""

import os
import random
import time
from collections import Counter

import psutil
import pytest

from tests.servers import MailServer
from tests.serving import Serving, everything, start_task, task, wait_ended
from tests.waiting import until

TASKS = int(os.environ.get("OUTTRAY_SOAK_TASKS", "150"))
KILLS = max(3, TASKS // 80)
PEOPLE = [f"person{n}@example.com" for n in range(max(200, TASKS))]


def _kill_one(serving: Serving, role: str) -> None:
    if role == "tree":
        serving.kill_tree()
        serving.start()
    elif role == "supervisor":
        serving.process.kill()
        serving.process.wait()
        serving.start()
    elif found := serving.workers(role):
        random.choice(found).kill()


def _lives(process: psutil.Process) -> bool:
    # Its parent is gone: where the system's first process is slow to bury, a zombie stays that runs nothing.
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("role", ["slots", "web", "supervisor", "tree"])
def test_nothing_is_lost_and_nobody_is_mailed_twice(serving: Serving, mail: MailServer, role: str):
    client = serving.client()
    roles = ["notify", "quick", "mail"] if role == "slots" else [role]
    run = start_task(client, "email", {"to": PEOPLE, "subject": "Hello", "body": "Hi"}, key="run")
    started: list[int] = []
    kills = 0
    for number in range(TASKS):
        kind, form = (
            ("self-test", {"seconds": 0.01})
            if number % 2
            else ("notification", {"to": ["ana@example.com"], "channels": ["log"], "message": f"n{number}"})
        )
        started.append(start_task(client, kind, form, key=f"k{number}"))
        if number % (TASKS // KILLS) == TASKS // KILLS // 2:
            _kill_one(serving, random.choice(roles))
            kills += 1
    for task_id in started:
        assert wait_ended(client, task_id)["state"] in ("done", "attention")
    ended = wait_ended(client, run, 90)

    assert len(set(started)) == TASKS
    assert len(everything(client, "/api/v1/tasks")) == TASKS + 1
    deliveries = everything(client, f"/api/v1/tasks/{run}/deliveries")
    by_state = Counter(delivery["state"] for delivery in deliveries)
    got = mail.counts()
    assert [delivery["to"] for delivery in deliveries] == PEOPLE
    assert max(got.values()) == 1
    assert by_state["unknown"] <= kills
    assert by_state["sent"] + by_state["unknown"] == len(PEOPLE)
    assert all(got[delivery["to"]] == 1 for delivery in deliveries if delivery["state"] == "sent")
    assert ended["state"] == ("attention" if by_state["unknown"] else "done")


def test_a_notification_line_is_written_once_however_often_slots_die(serving: Serving):
    client = serving.client()
    ids = []
    for number in range(120):
        form = {"to": ["ana@example.com"], "channels": ["log"], "message": f"line {number};"}
        ids.append(start_task(client, "notification", form, key=f"n{number}"))
        if number % 20 == 10:
            _kill_one(serving, "notify")
    unknown = sum(wait_ended(client, task_id)["state"] == "attention" for task_id in ids)
    text = (serving.data / "log.txt").read_text()
    seen = [text.count(f"line {number};") for number in range(120)]
    assert max(seen) == 1
    assert seen.count(0) <= unknown


def test_a_run_goes_on_by_itself_after_its_slot_was_killed(serving: Serving, mail: MailServer):
    mail.pause = 0.01
    client = serving.client()
    run = start_task(client, "email", {"to": PEOPLE[:200], "subject": "Hello", "body": "Hi"})
    until(lambda: task(client, run)["progress"]["done"] > 5)
    _kill_one(serving, "mail")
    before = task(client, run)["progress"]["done"]
    until(lambda: task(client, run)["progress"]["done"] > before + 5, 5)


def test_no_child_outlives_its_supervisor_and_the_port_is_free_again(serving: Serving):
    client = serving.client()
    long = start_task(client, "self-test", {"seconds": 30})
    until(lambda: task(client, long)["state"] == "running")
    children = serving.tree()[1:]
    assert len(children) >= 5
    serving.process.kill()
    serving.process.wait()
    until(lambda: not any(_lives(child) for child in children), 5)
    serving.start()
    until(lambda: task(client, long)["attempt"] == 2)


def test_the_fork_servers_death_costs_no_task(serving: Serving):
    client = serving.client()
    long = start_task(client, "self-test", {"seconds": 2})
    until(lambda: task(client, long)["state"] == "running")
    supervisor = serving.tree()[0]
    for child in supervisor.children():
        child.kill()
    assert wait_ended(client, long)["state"] == "done"
    until(serving.is_ready)


def test_a_fork_server_that_dies_while_it_is_asked_for_a_child_takes_nobody_with_it(serving: Serving):
    """It is killed as soon as it is there again, so that some of these deaths meet a start."""
    client = serving.client()
    supervisor = serving.tree()[0]
    seen = set()
    end = time.monotonic() + 6
    while time.monotonic() < end:
        for child in supervisor.children():
            if child.pid not in seen:
                seen.add(child.pid)
                child.kill()
    assert len(seen) > 5
    assert supervisor.is_running()
    until(serving.is_ready, 40)
    assert wait_ended(client, start_task(client, "self-test", {"seconds": 0}))["state"] == "done"


def test_a_report_whose_process_is_killed_is_made_all_the_same(serving: Serving):
    client = serving.client()
    known = {process.pid for process in serving.tree()}
    report = start_task(client, "report", {"data": "sales", "format": "xlsx"})
    began = time.monotonic()
    while time.monotonic() - began < 20 and task(client, report)["state"] != "done":
        fresh = [process for process in serving.tree() if process.pid not in known]
        if fresh:
            fresh[-1].kill()
            break
    ended = wait_ended(client, report)
    assert ended["state"] == "done"
    assert len(ended["files"]) == 1


def test_a_stop_lets_the_message_in_flight_finish_and_puts_the_run_back(serving: Serving, mail: MailServer):
    mail.pause = 0.05
    client = serving.client()
    run = start_task(client, "email", {"to": PEOPLE, "subject": "Hello", "body": "Hi"})
    until(lambda: task(client, run)["progress"]["done"] > 3)
    assert serving.stop() < 12
    serving.start()
    deliveries = everything(client, f"/api/v1/tasks/{run}/deliveries")
    assert not [delivery for delivery in deliveries if delivery["state"] in ("unknown", "sending")][1:]
    mail.pause = 0
    ended = wait_ended(client, run, 90)
    assert (ended["state"], max(mail.counts().values())) == ("done", 1)
