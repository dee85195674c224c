"""Health on the page Settings: each part is healthy or failing, and says why."""

import os
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.factories import make_task
from tests.html import Element
from tests.web.settings_pages import part, set_up, settings_of
from webapp.clock import now
from webapp.engine.worker_locks import WorkerLock, new_worker
from webapp.settings import QUEUES


@pytest.fixture
def slots(installation):
    """A living slot for each queue; gives their locks by queue."""
    locks = {queue: WorkerLock(installation.run_dir, new_worker(queue)) for queue in QUEUES}
    for lock in locks.values():
        lock.take()
    yield locks
    for lock in locks.values():
        lock.release()


def health(page: Element) -> dict[str, tuple[str, str]]:
    rows = part(page, "health").all("li")
    return {row.one("b").text: (row.all("span")[-1].text, row.one("p").text) for row in rows}


def test_everything_is_well_where_everything_works(admin, slots):
    found = health(settings_of(admin))
    assert {state for state, _ in found.values()} == {"Healthy"}
    assert "up to date" in found["Database"][1]
    assert "free" in found["Data directory"][1]
    assert found["Reports"][1] == "1 worker alive. Nothing waits."


def test_a_queue_without_a_worker_fails_and_says_what_waits(admin, installation, ana, slots):
    slots["reports"].release()
    with installation.write() as conn:
        for seconds in (60, 125):
            make_task(conn, ana, "waiting", queue="reports", not_before=now() - timedelta(seconds=seconds))
        make_task(conn, ana, "waiting", queue="reports", not_before=now() + timedelta(hours=1))
    page = settings_of(admin)
    state, words = health(page)["Reports"]
    assert state == "Failing"
    assert words.startswith("No worker is alive on this machine. 2 tasks wait, the first for 2 min ")
    assert part(page, "health").text.count("outtray worker") == 1
    assert health(page)["Notifications"][0] == "Healthy"


def test_a_queue_that_is_switched_off_fails_only_when_something_waits_in_it(admin, installation, ana, slots):
    slots["mail"].release()
    set_up(installation, slots={"notify": 1, "quick": 1, "mail": 0, "reports": 1})
    assert health(settings_of(admin))["Emails to several"] == (
        "Healthy",
        "OUTTRAY_SLOTS gives them no worker. Nothing waits.",
    )
    with installation.write() as conn:
        make_task(conn, ana, "waiting", queue="mail", not_before=now() - timedelta(seconds=3))
    assert health(settings_of(admin))["Emails to several"][0] == "Failing"


def test_a_full_disk_and_an_old_database_fail(admin, installation, slots, monkeypatch):
    monkeypatch.setattr(installation.store, "free_bytes", lambda: 5_000_000)
    with installation.write() as conn:
        conn.execute(text("update alembic_version set version_num = 'older'"))
    found = health(settings_of(admin))
    assert found["Data directory"][0] == "Failing"
    assert "5.0 MB free. Make room" in found["Data directory"][1]
    assert found["Database"][0] == "Failing"
    assert "run “outtray migrate”" in found["Database"][1]


def test_a_data_directory_that_takes_nothing_fails(admin, installation, slots, monkeypatch):
    def refuse(**_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("webapp.web.ops.health.tempfile.TemporaryFile", refuse)
    state, words = health(settings_of(admin))["Data directory"]
    assert (state, words) == ("Failing", f"{installation.data_dir} cannot be written to.")
