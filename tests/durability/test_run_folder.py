"""The files of run/ vanish while tasks run: each task ends once, in one attempt, and the panel works on."""

import contextlib
import os
import shutil
import signal

import pytest

from tests import postgres
from tests.durability.soak import DATABASES
from tests.servers import MailServer
from tests.serving import Serving, everything, start_task, task, wait_ended
from tests.waiting import until
from webapp.engine.wakeup import socket_folder

PEOPLE = [f"person{number}@example.com" for number in range(150)]


@pytest.fixture(params=DATABASES)
def panel(request: pytest.FixtureRequest, tmp_path, mail: MailServer):
    env = {"OUTTRAY_SMTP_URL": mail.url, "OUTTRAY_MAIL_FROM": "office@example.com"}
    if request.param == "postgresql":
        env["OUTTRAY_DATABASE_URL"] = postgres.new_database()
    serving = Serving(tmp_path, **env)
    if request.param == "postgresql":
        serving.command("migrate")
    yield serving.start()
    serving.stop()


def run_folder(serving: Serving) -> None:
    for folder in {serving.data / "run", socket_folder(serving.data / "run")}:
        shutil.rmtree(folder, ignore_errors=True)


def single_files(serving: Serving) -> None:
    for path in (serving.data / "run").rglob("*"):
        if not path.is_dir():
            path.unlink(missing_ok=True)
    (serving.data / "write.gate").unlink(missing_ok=True)


def only_locks(serving: Serving) -> None:
    for path in (serving.data / "run").glob("*.lock"):
        path.unlink(missing_ok=True)


def other_files_in_their_place(serving: Serving) -> None:
    for path in list((serving.data / "run").rglob("*")):
        if not path.is_dir():
            path.unlink(missing_ok=True)
            path.touch()


def test_tasks_end_once_and_in_their_first_attempt(panel: Serving, mail: MailServer):
    mail.pause = 0.02
    client = panel.client()
    run = start_task(client, "email", {"to": PEOPLE, "subject": "Hello", "body": "Hi"})
    long = start_task(client, "self-test", {"seconds": 12})
    until(lambda: task(client, run)["progress"]["done"] > 3)
    until(lambda: task(client, long)["state"] == "running")
    for lose in (run_folder, single_files, only_locks, other_files_in_their_place):
        before = task(client, long)["progress"]["done"]
        lose(panel)
        until(lambda before=before: task(client, long)["progress"]["done"] > before + 15)
    ended = [wait_ended(client, one, 60) for one in (run, long)]
    assert [(one["state"], one["attempt"]) for one in ended] == [("done", 1), ("done", 1)]
    assert set(mail.counts().values()) == {1}
    assert len(mail.counts()) == len(PEOPLE)


def test_what_is_started_afterwards_is_woken_for_and_dead_slots_are_replaced(panel: Serving):
    client = panel.client()
    run_folder(panel)
    until(lambda: len(list(socket_folder(panel.data / "run").glob("*.sock"))) == 4)
    until(lambda: len(list((panel.data / "run").glob("*.lock"))) == 5)
    until(lambda: len(list((panel.data / "run" / "loops").glob("*.json"))) >= 5)
    assert wait_ended(client, start_task(client, "self-test", {"seconds": 0}))["attempt"] == 1
    supervisor = panel.tree()[0]
    [slot] = until(lambda: panel.workers("quick"))
    run_folder(panel)
    slot.kill()
    until(lambda: [one.pid for one in panel.workers("quick")] not in ([], [slot.pid]))
    assert supervisor.is_running()
    until(panel.is_ready)
    assert wait_ended(client, start_task(client, "self-test", {"seconds": 0}))["attempt"] == 1
    assert panel.stop() < 12


def test_the_task_of_a_slot_that_dies_without_its_lock_file_goes_on(panel: Serving):
    client = panel.client()
    long = start_task(client, "self-test", {"seconds": 6})
    until(lambda: task(client, long)["progress"]["done"] > 10)
    [slot] = panel.workers("reports")
    run_folder(panel)
    slot.kill()
    ended = wait_ended(client, long)
    assert (ended["state"], ended["attempt"]) == ("done", 2)


def test_the_tasks_of_an_earlier_start_whose_files_are_gone_go_on(panel: Serving):
    client = panel.client()
    long = start_task(client, "self-test", {"seconds": 6})
    until(lambda: task(client, long)["progress"]["done"] > 10)
    panel.kill_tree()
    run_folder(panel)
    panel.start()
    ended = wait_ended(client, long)
    assert (ended["state"], ended["attempt"]) == ("done", 2)


def test_a_frozen_slot_whose_lock_file_is_gone_loses_its_task_once(panel: Serving):
    client = panel.client()
    long = start_task(client, "self-test", {"seconds": 6})
    until(lambda: task(client, long)["progress"]["done"] > 10)
    [slot] = panel.workers("reports")
    os.kill(slot.pid, signal.SIGSTOP)
    run_folder(panel)
    until(lambda: task(client, long)["attempt"] == 2, 30)
    run_folder(panel)
    with contextlib.suppress(ProcessLookupError):
        os.kill(slot.pid, signal.SIGCONT)
    ended = wait_ended(client, long)
    assert (ended["state"], ended["attempt"]) == ("done", 2)


def test_nothing_is_left_of_workers_that_are_gone(panel: Serving):
    client = panel.client()
    for role in ("quick", "mail"):
        [slot] = until(lambda role=role: panel.workers(role))
        slot.kill()
    until(lambda: len(list((panel.data / "run").glob("*.lock"))) == 5 and len(panel.workers("mail")) == 1, 30)
    assert everything(client, "/api/v1/tasks") == []
