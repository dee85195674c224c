"""What every engine promises, on every database it runs on."""

import shutil
import threading
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from tests.contract.conftest import Panel
from tests.waiting import until
from webapp.clock import now
from webapp.db import schema
from webapp.engine import recovery
from webapp.engine.task_watch import renew
from webapp.engine.worker_locks import WorkerLock, living, new_worker
from webapp.errors import Conflict, Superseded
from webapp.tasks import commands, queries
from webapp.tasks.holds import HoldReason
from webapp.tasks.model import State, Task
from webapp.tasks.running import run
from webapp.tasks.transitions import fenced_update


def test_a_task_runs_once_its_transaction_has_committed(panel: Panel):
    with panel.slots():
        task = panel.wait_for(panel.start(), State.DONE)
    assert task.attempt == 1
    assert task.started is not None
    assert task.finished is not None


def test_a_task_whose_transaction_was_rolled_back_never_was(panel: Panel):
    lost: list[int] = []

    def start_and_break() -> None:
        kind = panel.installation.kind("self-test")
        with panel.installation.write() as conn:
            lost.append(commands.start(conn, panel.installation.engine, kind, kind.form(), panel.ana, key="lost").id)
            raise ZeroDivisionError

    with panel.slots():
        with pytest.raises(ZeroDivisionError):
            start_and_break()
        kept = panel.start(key="kept")
        panel.wait_for(kept, State.DONE)
    with panel.installation.read() as conn:
        assert queries.by_key(conn, panel.ana.id, "lost") is None
        assert len(queries.recent(conn, queries.View(None))) == 1


def test_what_waited_before_the_start_is_picked_up(panel: Panel):
    waiting = [panel.start() for _ in range(5)]
    with panel.slots():
        for task_id in waiting:
            panel.wait_for(task_id, State.DONE)


def test_a_task_waits_for_its_time(panel: Panel):
    moment = now() + timedelta(seconds=1.2)
    with panel.slots():
        later = panel.start(not_before=moment)
        panel.wait_for(panel.start(), State.DONE)
        assert panel.task(later).state is State.WAITING
        task = panel.wait_for(later, State.DONE)
    assert task.started >= moment


def test_two_slots_run_a_task_once(panel: Panel):
    with panel.slots(2):
        started = [panel.start() for _ in range(30)]
        for task_id in started:
            panel.wait_for(task_id, State.DONE)
    assert [panel.task(task_id).attempt for task_id in started] == [1] * 30
    assert all(panel.lines(task_id).count("Running.") == 1 for task_id in started)


def test_a_cancelled_task_does_not_start(panel: Panel):
    task_id = panel.start()
    with panel.installation.write() as conn:
        commands.cancel(conn, panel.installation.engine, panel.task(task_id), panel.ana)
    with panel.slots():
        panel.wait_for(panel.start(), State.DONE)
    assert panel.task(task_id).state is State.CANCELLED
    assert panel.task(task_id).started is None


def test_cancel_ends_a_running_task(panel: Panel):
    with panel.slots():
        task_id = panel.start(seconds=30)
        panel.wait_for(task_id, State.RUNNING)
        with panel.installation.write() as conn:
            commands.cancel(conn, panel.installation.engine, panel.task(task_id), panel.ana)
        assert panel.wait_for(task_id, State.CANCELLED).requested is None


def test_a_paused_task_goes_on_where_it_was(panel: Panel):
    with panel.slots():
        task_id = panel.start(seconds=2)
        until(lambda: panel.task(task_id).progress.done > 0)
        with panel.installation.write() as conn:
            commands.pause(
                conn, panel.installation.engine, panel.installation.kind("self-test"), panel.task(task_id), panel.ana
            )
        held = panel.wait_for(task_id, State.HELD, State.DONE)
        assert held.hold_reason is HoldReason.PAUSED
        assert held.progress.done > 0
        with panel.installation.write() as conn:
            commands.resume(conn, panel.installation.engine, held, panel.ana)
        assert panel.wait_for(task_id, State.DONE).attempt == 2


def test_a_failure_has_a_reference_and_retry_runs_it_again(panel: Panel):
    with panel.slots():
        failed = panel.wait_for(panel.start(fail=True), State.FAILED)
        assert failed.reference
        assert "Traceback" in failed.technical
        assert "Traceback" not in failed.outcome
        with panel.installation.write() as conn:
            commands.retry(conn, panel.installation.engine, failed, panel.ana)
        until(lambda: panel.task(failed.id).attempt == 2)
        again = panel.wait_for(failed.id, State.FAILED)
    assert again.reference != failed.reference
    assert f"({failed.reference})" in (panel.installation.data_dir / "log.txt").read_text()


def test_a_stopping_slot_finishes_its_task_or_puts_it_back(panel: Panel):
    with panel.slots():
        short, long = panel.start(seconds=0.5), panel.start(seconds=60)
        until(lambda: panel.task(short).state is not State.WAITING)
    assert panel.task(short).state is State.DONE
    assert panel.task(long).state is State.WAITING
    assert panel.task(long).worker is None


def _claimed(panel: Panel, task_id: int) -> tuple[Task, WorkerLock]:
    """The task, claimed by a worker that lives."""
    worker = new_worker("quick")
    lock = WorkerLock(panel.installation.run_dir, worker)
    lock.take()
    task = run.claim(panel.installation, task_id, worker)
    assert task is not None
    return task, lock


def test_a_task_is_requeued_only_when_its_worker_is_dead(panel: Panel):
    task_id = panel.start()
    claimed, lock = _claimed(panel, task_id)
    lost = recovery.Recovery(panel.installation)
    lost.look()
    assert panel.task(task_id).state is State.RUNNING
    lock.release()
    lost.look()
    assert panel.task(task_id).state is State.WAITING
    with pytest.raises(Superseded), panel.installation.write() as conn:
        fenced_update(conn, task_id, claimed.attempt, progress_done=1)


@pytest.mark.parametrize("replaced", [False, True], ids=["deleted", "replaced"])
def test_a_lock_file_that_others_removed_proves_no_death(panel: Panel, replaced: bool):
    task_id = panel.start()
    task = run.claim(panel.installation, task_id, new_worker("quick"))  # its worker had no time yet to make it again
    if replaced:
        (panel.installation.run_dir / f"{task.worker}.lock").touch()
    recovery.Recovery(panel.installation).look()
    assert panel.task(task_id).state is State.RUNNING


def test_a_task_that_its_living_process_dropped_is_requeued_when_nobody_renews_it(panel: Panel, monkeypatch):
    monkeypatch.setattr(recovery, "LEASE_SECONDS", 0.0)
    kept, dropped = panel.start(), panel.start()
    (first, lock), (_, other) = _claimed(panel, kept), _claimed(panel, dropped)
    lost = recovery.Recovery(panel.installation)
    for _ in range(3):
        lost.look()
        with panel.installation.write() as conn:
            renew(conn, [first])
    assert panel.task(kept).state is State.RUNNING
    assert panel.task(dropped).state is State.WAITING
    lock.release()
    other.release()


def test_an_owner_that_renews_in_the_last_moment_keeps_its_task(panel: Panel):
    task_id = panel.start()
    claimed, lock = _claimed(panel, task_id)
    with panel.installation.write() as conn:
        renew(conn, [claimed])
        recovered = commands.recover(
            conn, panel.installation.engine, task_id, claimed.attempt, counted=False, renewals=0
        )
    assert not recovered
    assert panel.task(task_id).state is State.RUNNING
    lock.release()


def test_a_look_that_the_database_does_not_answer_proves_nothing(panel: Panel, monkeypatch):
    monkeypatch.setattr(recovery, "LEASE_SECONDS", 0.0)
    task_id = panel.start()
    _, lock = _claimed(panel, task_id)
    lost = recovery.Recovery(panel.installation)
    lost.look()
    with monkeypatch.context() as away:
        away.setattr(lost, "_running", _no_answer)
        with pytest.raises(OperationalError):
            lost.look()
    monkeypatch.setattr(recovery, "LEASE_SECONDS", 60.0)
    lost.look()
    assert panel.task(task_id).state is State.RUNNING
    lock.release()


def _no_answer() -> None:
    raise OperationalError("select", {}, Exception("the server closed the connection"))


def test_three_deaths_without_progress_fail_a_task_and_progress_in_between_saves_it(panel: Panel):
    poisoned, well = panel.start(), panel.start()
    lost = recovery.Recovery(panel.installation)
    for _ in range(3):
        for task_id in (poisoned, well):
            claimed, lock = _claimed(panel, task_id)
            if task_id == well:
                with panel.installation.write() as conn:
                    fenced_update(conn, task_id, claimed.attempt, crash_count=0, progress_done=1)
            lost.blame(panel.task(task_id).worker)
            lock.release()
        lost.look()
    assert panel.task(poisoned).state is State.FAILED
    assert "three times" in panel.task(poisoned).outcome
    assert panel.task(well).state is State.WAITING


def test_deaths_of_supervisor_or_machine_do_not_count(panel: Panel):
    task_id = panel.start()
    lost = recovery.Recovery(panel.installation)
    for _ in range(4):
        _, lock = _claimed(panel, task_id)
        lock.release()
        lost.look()
    assert panel.task(task_id).state is State.WAITING


def test_a_task_of_a_queue_that_nobody_knows_fails_with_a_message(panel: Panel):
    task_id = panel.start()
    with panel.installation.write() as conn:
        conn.execute(update(schema.task).where(schema.task.c.id == task_id).values(queue="bulk"))
    recovery.Recovery(panel.installation).look()
    assert panel.task(task_id).state is State.FAILED
    assert panel.task(task_id).outcome == recovery.NO_QUEUE


def test_a_lock_file_that_vanishes_is_made_again(panel: Panel):
    worker = new_worker("quick")
    lock = WorkerLock(panel.installation.run_dir, worker)
    lock.take()
    shutil.rmtree(panel.installation.run_dir)
    until(lambda: living(panel.installation.run_dir) == [worker])
    lock.release()
    assert living(panel.installation.run_dir) == []


def test_a_claim_is_won_by_one_of_many(panel: Panel):
    task_id = panel.start()
    won: list[object] = []
    ready = threading.Barrier(8)

    def claim() -> None:
        ready.wait()
        won.append(run.claim(panel.installation, task_id, "someone"))

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(task is not None for task in won) == 1


def test_undo_works_until_the_task_has_begun(panel: Panel):
    kind = panel.installation.kind("notification")
    form = kind.form(to=["ana@example.com"], channels=["log"], message="Hello")
    with panel.installation.write() as conn:
        first = commands.start(conn, panel.installation.engine, kind, form, panel.ana, undo=True).id
    task = panel.task(first)
    assert task.can_undo(now())
    with panel.installation.write() as conn:
        commands.undo(conn, panel.installation.engine, task, panel.ana)
    undone = panel.task(first)
    assert (undone.state, undone.outcome) == (State.CANCELLED, "Taken back. Nothing was sent.")
    going = panel.task(panel.start())
    with pytest.raises(Conflict, match="already going"), panel.installation.write() as conn:
        commands.undo(conn, panel.installation.engine, going, panel.ana)
