"""One machine runs a PostgreSQL database; a dead one does not keep the next from starting for long."""

import os
import shutil
import signal
import threading

import pytest

from tests import postgres
from tests.identity.conftest import LEASE, end, outtray, refused, refused_process
from tests.serving import Serving, start_task, wait_ended
from tests.waiting import until
from webapp.cli import opening
from webapp.errors import UserError
from webapp.identity import machine_lease
from webapp.identity.machine_lease import Machine, MachineLease, this_machine
from webapp.settings import Settings


@pytest.fixture
def copied(on_postgresql: Serving, tmp_path) -> Serving:
    """A second machine with a copy of the data directory: id and key are right, the locks are others."""
    outtray(on_postgresql, "user", "list")
    (tmp_path / "other").mkdir()
    shutil.copytree(on_postgresql.data, tmp_path / "other" / "data")
    other = Serving(
        tmp_path / "other",
        OUTTRAY_DATABASE_URL=on_postgresql.env["OUTTRAY_DATABASE_URL"],
        OUTTRAY_TEST_LEASE_SECONDS=LEASE,
    )
    yield other
    other.stop()


def test_a_second_machine_is_refused_while_the_first_runs(on_postgresql: Serving, copied: Serving):
    on_postgresql.start()
    line = refused_process(copied, "serve")
    assert line.startswith("Outtray already runs with this database on ")
    assert str(on_postgresql.data) in line
    for second in ("web", "worker", "check", "adopt"):
        assert refused(copied, second) == line
    client = on_postgresql.client()
    assert wait_ended(client, start_task(client, "self-test", {"seconds": 0}))["state"] == "done"


def test_a_machine_that_stopped_is_followed_at_once_and_one_that_was_killed_soon(
    on_postgresql: Serving, copied: Serving
):
    on_postgresql.start()
    on_postgresql.stop()
    copied.start()
    assert "ran this database; watching" not in copied.log.read_text()
    copied.kill_tree()
    copied.start()  # the same machine: nothing to watch
    assert "ran this database; watching" not in copied.log.read_text()
    copied.kill_tree()
    on_postgresql.start()
    assert "ran this database; watching" in on_postgresql.log.read_text()
    client = on_postgresql.client()
    assert wait_ended(client, start_task(client, "self-test", {"seconds": 0}))["state"] == "done"


def test_a_machine_that_stood_still_ends_when_another_has_taken_over(on_postgresql: Serving, copied: Serving):
    on_postgresql.start()
    frozen = on_postgresql.tree()
    for process in frozen:
        process.send_signal(signal.SIGSTOP)
    copied.start()
    for process in frozen:
        process.send_signal(signal.SIGCONT)
    assert on_postgresql.process.wait(30) == 1
    last = on_postgresql.log.read_text().splitlines()[-1]
    assert last.startswith("Another machine (")
    assert str(copied.data) in last
    until(copied.is_ready)


def test_the_lease_stays_until_the_last_panel_of_the_machine_has_ended(on_postgresql: Serving, copied: Serving):
    on_postgresql.process = on_postgresql.spawn("web")
    until(on_postgresql.is_ready, 40)
    worker = on_postgresql.spawn("worker", "--slots", "quick:1")
    until(lambda: on_postgresql.log.read_text().count("watching") == 0 and _has_slot(on_postgresql))
    assert end(worker) == 0
    assert "already runs" in refused(copied, "serve")
    assert end(on_postgresql.process) == 0
    copied.start()


def _has_slot(panel: Serving) -> bool:
    return any("-quick-" in path.name for path in (panel.data / "run").glob("*.lock"))


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=postgres.new_database())


def test_the_number_decides_and_no_clock(settings: Settings, monkeypatch):
    monkeypatch.setattr(machine_lease, "LEASE_SECONDS", 1.0)
    monkeypatch.setattr(machine_lease, "LOOK_EVERY", 0.02)
    installation = opening.open_installation(settings, migrate=True)
    first, second = (MachineLease(installation.database, Machine(name, name)) for name in ("a", "b"))
    first.acquire()
    stop = threading.Event()
    counting = threading.Thread(target=lambda: [first.renew() for _ in iter(lambda: stop.wait(0.1), True)])
    counting.start()
    with pytest.raises(UserError, match="on a"):
        second.acquire()
    stop.set()
    counting.join()
    second.acquire()
    assert not first.renew()
    second.release()
    assert first.renew()
    installation.close()


def test_all_processes_of_a_data_directory_are_one_machine(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    os.symlink(tmp_path / "a", tmp_path / "link")
    assert this_machine(tmp_path / "a").id == this_machine(tmp_path / "link").id
    assert this_machine(tmp_path / "a").id != this_machine(tmp_path / "b").id
