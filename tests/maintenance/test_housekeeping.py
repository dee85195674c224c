"""Housekeeping deletes what is old, unless the clock may be wrong; and no fault ends it."""

import logging
import shutil
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.factories import make_person, make_task
from tests.waiting import until
from webapp import clock, loops
from webapp.clock import now
from webapp.db import schema, time_check
from webapp.files import queries as files
from webapp.files.queries import NewFile
from webapp.files.store import StoredFile
from webapp.installation import Installation
from webapp.maintenance.housekeeping import EVERY, Housekeeping

DAY = 86_400.0
SetClock = Callable[[float], None]
WARNED = "Nothing old is deleted"


def fill(installation: Installation, keep_days: int = 30) -> StoredFile:
    """A task that ended a moment ago, with a file."""
    with installation.store.unfinished() as path:
        path.write_bytes(b"x")
        stored = installation.store.keep(path)
    with installation.write() as conn:
        ana = make_person(conn, installation.settings)
        task_id = make_task(conn, ana)
        new = NewFile(
            task=task_id, owner=ana.id, name="report.xlsx", media_type="x", stored=stored, keep_days=keep_days
        )
        files.add(conn, new)
    return stored


def left(installation: Installation) -> tuple[int, int]:
    """How many tasks are there, and how many files are not deleted."""
    f = schema.file
    with installation.read() as conn:
        tasks = conn.execute(select(func.count()).select_from(schema.task)).scalar_one()
        return tasks, conn.execute(select(func.count()).where(f.c.deleted.is_(None))).scalar_one()


def warning(installation: Installation) -> str:
    with installation.read() as conn:
        return time_check.look(conn).warning


@pytest.fixture
def run_for(monkeypatch: pytest.MonkeyPatch) -> Callable[[Housekeeping, int], None]:
    """Runs so many rounds, an hour of running before each."""
    at, real = [0.0], clock.monotonic
    monkeypatch.setattr(clock, "monotonic", lambda: real() + at[0])

    def run(housekeeping: Housekeeping, rounds: int) -> None:
        for _ in range(rounds):
            at[0] += EVERY
            housekeeping.step()

    return run


def started(installation: Installation) -> Housekeeping:
    housekeeping = Housekeeping(installation)
    housekeeping.begin()
    housekeeping.step()
    return housekeeping


@pytest.mark.parametrize("days", [2, 40, 400, 36_500])
def test_a_start_with_the_clock_ahead_deletes_nothing_and_warns(
    either: Installation, set_clock: SetClock, days: int, caplog: pytest.LogCaptureFixture
):
    stored = fill(either)
    set_clock(days * DAY)
    assert WARNED in warning(either)  # what `check` says, before any start
    started(either)
    assert left(either) == (1, 1)
    assert either.store.path(stored.storage).exists()
    assert WARNED in caplog.text
    assert WARNED in warning(either)


def test_a_jump_while_the_panel_runs_deletes_nothing(either: Installation, set_clock: SetClock, run_for):
    fill(either)
    housekeeping = started(either)
    set_clock(400 * DAY)
    run_for(housekeeping, 20)
    assert left(either) == (1, 1)


def test_new_rows_and_further_starts_prove_nothing(either: Installation, set_clock: SetClock):
    fill(either)
    started(either)
    set_clock(400 * DAY)
    for number in range(2 * time_check.READINGS):
        with either.write() as conn:
            make_task(conn, make_person(conn, either.settings, f"p{number}@example.com"))
        started(either)
    assert left(either)[1] == 1


def test_a_clock_that_was_put_right_is_believed_at_once(either: Installation, set_clock: SetClock):
    fill(either, keep_days=-1)
    set_clock(400 * DAY)
    started(either)
    set_clock(0)
    assert warning(either) == ""
    started(either)
    assert left(either) == (1, 0)


def test_after_an_upgrade_rows_tell_what_time_it_was(either: Installation, set_clock: SetClock):
    fill(either)
    set_clock(400 * DAY)
    housekeeping = Housekeeping(either)
    housekeeping.begin()
    with either.write() as conn:  # somebody was quicker than the first round
        make_task(conn, make_person(conn, either.settings, "ben@example.com"))
    housekeeping.step()
    assert left(either) == (2, 1)


def test_a_clock_that_stays_is_believed_after_a_day_of_running(
    installation: Installation, set_clock: SetClock, run_for
):
    fill(installation)
    set_clock(40 * DAY)
    housekeeping = started(installation)
    run_for(housekeeping, time_check.READINGS - 1)
    assert left(installation) == (1, 1)
    assert "for 1 more hours" in warning(installation)
    run_for(housekeeping, 1)
    assert left(installation) == (1, 0)
    assert warning(installation) == ""


def test_nights_and_weekends_in_between_do_not_begin_it_anew(installation: Installation, set_clock: SetClock, run_for):
    fill(installation)
    ahead = 40 * DAY
    for _ in range(3):
        set_clock(ahead)
        run_for(started(installation), time_check.READINGS // 3)
        ahead += 3 * DAY
    assert left(installation) == (1, 0)


@pytest.mark.parametrize("jump", [-2 * DAY, 8 * DAY, 400 * DAY])
def test_a_further_jump_begins_it_anew(installation: Installation, set_clock: SetClock, run_for, jump: float):
    fill(installation)
    set_clock(40 * DAY)
    housekeeping = started(installation)
    run_for(housekeeping, time_check.READINGS - 1)
    set_clock(40 * DAY + jump)
    run_for(housekeeping, 2)
    assert left(installation) == (1, 1)


def test_a_clock_far_behind_is_told_too(either: Installation, set_clock: SetClock):
    fill(either)
    started(either)
    set_clock(-400 * DAY)
    started(either)
    assert "more than a day before" in warning(either) or "database server" in warning(either)


def test_a_clock_that_the_database_server_contradicts_is_never_believed(
    either: Installation, set_clock: SetClock, run_for
):
    if either.database.is_sqlite:
        pytest.skip("SQLite has no clock of its own")
    fill(either)
    set_clock(40 * DAY)
    run_for(started(either), 2 * time_check.READINGS)
    assert left(either) == (1, 1)
    assert "the clock of the database server says" in warning(either)


def test_a_panel_in_daily_use_is_believed(either: Installation, set_clock: SetClock):
    fill(either)
    for day in range(5):
        if either.database.is_sqlite:
            set_clock(day * 0.9 * DAY)
        started(either)
        assert warning(either) == ""


def test_a_fresh_installation_is_believed(either: Installation):
    assert warning(either) == ""
    started(either)
    assert warning(either) == ""


def test_deletions_are_logged_with_their_numbers(installation: Installation, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    fill(installation, keep_days=-1)
    with installation.write() as conn:
        for number in range(3):
            person = make_person(conn, installation.settings, f"p{number}@example.com")
            make_task(conn, person, finished=now() - timedelta(days=400))
    started(installation)
    assert "Files deleted: 1" in caplog.text
    assert "Tasks deleted: 3" in caplog.text


def test_a_file_that_cannot_be_removed_keeps_nothing_else(installation: Installation):
    stuck = fill(installation, keep_days=-1)
    path = installation.store.path(stuck.storage)
    path.unlink()
    path.mkdir()
    with installation.write() as conn:
        person = make_person(conn, installation.settings, "ben@example.com")
        make_task(conn, person, finished=now() - timedelta(days=400))
    started(installation)
    assert left(installation) == (1, 0)


def test_its_loop_survives_a_fault_of_the_disk_and_does_its_work_afterwards(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(loops, "FIRST_WAIT", 0.01)
    stored, stop = fill(installation, keep_days=-1), threading.Event()
    unfinished = installation.data_dir / "files" / "unfinished"
    shutil.rmtree(unfinished)
    given = ("housekeeping", Housekeeping(installation).step, EVERY, stop, installation.run_dir)
    thread = threading.Thread(target=loops.run_forever, args=given)
    thread.start()
    beat = until(lambda: loops.heartbeats(installation.run_dir).get("housekeeping"))
    assert beat.failures >= 1
    assert left(installation) == (1, 0)  # one part failed, the others did not
    unfinished.mkdir()
    until(lambda: loops.heartbeats(installation.run_dir)["housekeeping"].failures == 0)
    assert not installation.store.path(stored.storage).exists()
    stop.set()
    thread.join(10)
