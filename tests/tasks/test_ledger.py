"""The ledger: each message begins once, and every way in which it can end is written down."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.tasks.running import SENT, Run, Server, task_of
from webapp.clock import now
from webapp.db import schema
from webapp.errors import Superseded, TaskError
from webapp.installation import Installation
from webapp.ports.deliveries import Reply, ReplyState
from webapp.ports.people import Person
from webapp.tasks import commands, queries
from webapp.tasks.cancellation import StopRequest, StopRun
from webapp.tasks.ledger import expansion
from webapp.tasks.model import State
from webapp.tasks.running import endings
from webapp.tasks.transitions import make_unknown


def _states(installation: Installation, task_id: int) -> list[str]:
    with installation.read() as conn:
        return [row.state for row in queries.deliveries(conn, task_id, limit=5_000)]


def test_everybody_is_written_to_once_and_the_counts_add_up(installation: Installation, ana: Person, start):
    task_id, server = start(2_300), Server()
    Run(installation, task_id).finish(server)
    task = task_of(installation, task_id, ana)
    assert server.seen == [f"p{n}@example.com" for n in range(2_300)]
    assert (task.state, task.outcome, dict(task.counts)) == (State.DONE, "2,300 sent.", {"sent": 2_300})
    assert (task.progress.done, task.progress.words) == (2_300, "2,300 of 2,300 sent")


def test_while_a_message_is_being_sent_the_database_says_so(installation: Installation, ana: Person, start):
    task_id, seen = start(3), []

    def look(to: str) -> Reply:
        seen.append(_states(installation, task_id))
        return SENT

    Run(installation, task_id).deliver(Server(look))
    assert seen == [["sending", "waiting", "waiting"], ["sent", "sending", "waiting"], ["sent", "sent", "sending"]]


def test_preparing_that_broke_off_continues(installation: Installation, ana: Person, start, monkeypatch):
    task_id = start(10)
    monkeypatch.setattr(expansion, "BATCH", 4)
    first, entered = Run(installation, task_id), expansion._enter

    def break_off(conn, *, is_last, **more):
        if is_last:
            raise LookupError("broken off")
        return entered(conn, is_last=is_last, **more)

    monkeypatch.setattr(expansion, "_enter", break_off)
    with pytest.raises(LookupError):
        first.deliver(Server())
    monkeypatch.undo()
    assert task_of(installation, task_id, ana).not_prepared == 2
    with installation.write() as conn:
        endings.requeue(conn, installation.engine, first.task)
    second, server = Run(installation, task_id), Server()
    second.deliver(server)
    assert server.seen == [f"p{n}@example.com" for n in range(10)]


def test_a_refused_address_leaves_the_task_needing_attention_and_retry_writes_only_to_it(installation, ana, start):
    task_id = start(3)
    refuse = Server(lambda to: Reply(ReplyState.FAILED, "There is no such mailbox.") if to.startswith("p1") else SENT)
    Run(installation, task_id).finish(refuse)
    task = task_of(installation, task_id, ana)
    assert (task.state, task.outcome, task.failed_count) == (State.ATTENTION, "2 sent, 1 failed.", 1)
    with installation.write() as conn:
        commands.retry(conn, installation.engine, task, ana)
    again = Server()
    Run(installation, task_id).finish(again)
    assert again.seen == ["p1@example.com"]
    assert task_of(installation, task_id, ana).state is State.DONE


def test_later_waits_per_recipient_and_fails_after_the_last_wait(installation: Installation, ana: Person, start):
    task_id = start(2)
    busy = Server(lambda to: Reply(ReplyState.LATER, "The server is busy.") if to.startswith("p0") else SENT)
    for wait in installation.settings.retry_seconds:
        Run(installation, task_id).finish(busy)
        task = task_of(installation, task_id, ana)
        assert task.state is State.WAITING
        assert timedelta(seconds=wait - 2) < task.not_before - now() <= timedelta(seconds=wait)
        _let_time_pass(installation, task_id)
    Run(installation, task_id).finish(busy)
    assert _states(installation, task_id) == ["failed", "sent"]
    assert busy.seen.count("p1@example.com") == 1
    assert task_of(installation, task_id, ana).state is State.ATTENTION


def test_a_message_lost_before_it_was_handed_over_is_tried_again_at_once(
    installation: Installation, ana: Person, start
):
    task_id, lost = start(2), []

    def drop_first(to: str) -> Reply:
        if not lost:
            lost.append(to)
            return Reply(ReplyState.LOST, "The connection broke before the message was handed over.")
        return SENT

    server = Server(drop_first)
    Run(installation, task_id).finish(server)
    assert server.seen == ["p0@example.com", "p1@example.com", "p0@example.com"]
    assert task_of(installation, task_id, ana).state is State.DONE


def test_what_is_unknown_is_not_sent_again_by_a_retry_but_by_a_person_with_the_same_message_id(
    installation, ana, start
):
    task_id = start(2)
    drop = Server(lambda to: Reply(ReplyState.UNKNOWN, "It may have arrived.") if to.startswith("p0") else SENT)
    Run(installation, task_id).finish(drop)
    task = task_of(installation, task_id, ana)
    assert (task.state, task.unknown_count, task.can_retry) == (State.ATTENTION, 1, False)
    with installation.read() as conn:
        before = queries.deliveries(conn, task_id)[0].message_id
    with installation.write() as conn:
        commands.send_unknown_again(conn, installation.engine, task, ana)
    again = Server()
    Run(installation, task_id).finish(again)
    assert again.seen == ["p0@example.com"]
    with installation.read() as conn:
        assert queries.deliveries(conn, task_id)[0].message_id == before != ""


def test_after_a_crash_the_message_in_flight_is_unknown_and_the_others_go_on(
    installation: Installation, ana: Person, start
):
    task_id = start(3)
    broken = Run(installation, task_id)

    def die(to: str) -> Reply:
        raise SystemExit

    with pytest.raises(SystemExit):
        broken.deliver(Server(die))
    with installation.write() as conn:
        commands.recover(conn, installation.engine, task_id, broken.task.attempt, counted=True)
    server = Server()
    Run(installation, task_id).finish(server)
    assert server.seen == ["p1@example.com", "p2@example.com"]
    assert _states(installation, task_id) == ["unknown", "sent", "sent"]


def test_a_late_reply_turns_unknown_into_sent_and_nothing_else_is_written(
    installation: Installation, ana: Person, start
):
    task_id = start(2)
    stale = Run(installation, task_id)

    def be_replaced(to: str) -> Reply:
        with installation.write() as conn:
            make_unknown(conn, task_id)
            endings.cancelled(conn, stale.task)
        return SENT

    with pytest.raises(Superseded):
        stale.deliver(Server(be_replaced))
    assert _states(installation, task_id) == ["sent", "skipped"]
    assert task_of(installation, task_id, ana).state is State.CANCELLED


def test_a_cancelled_run_begins_no_further_message(installation: Installation, ana: Person, start):
    task_id = start(5)
    running = Run(installation, task_id)

    def cancel_after_two(to: str) -> Reply:
        if to.startswith("p1"):
            with installation.write() as conn:
                commands.cancel(conn, installation.engine, task_of(installation, task_id, ana), ana)
        return SENT

    server = Server(cancel_after_two)
    running.finish(server)
    task = task_of(installation, task_id, ana)
    assert server.seen == ["p0@example.com", "p1@example.com"]
    assert (task.state, dict(task.counts)) == (State.CANCELLED, {"sent": 2, "skipped": 3})
    assert task.outcome == "Cancelled. 2 sent and cannot be taken back. 3 not sent."


def test_a_run_gives_way_when_another_waits(installation: Installation, ana: Person, start, monkeypatch):
    monkeypatch.setattr("webapp.tasks.ledger.send_gate.TURN", 0.0)
    first, second = start(3), start(3)
    server = Server()
    Run(installation, first).finish(server)
    assert task_of(installation, first, ana).state is State.WAITING
    with installation.read() as conn:
        assert queries.next_due(conn, "mail", now()) == second
        assert "goes first" not in " ".join(line.words for line in queries.lines(conn, first))


def test_without_a_connection_the_run_waits_says_so_and_fails_after_the_last_wait(
    installation: Installation, ana: Person, start
):
    task_id, server = start(2), Server()

    def unreachable() -> None:
        raise TaskError("The mail server does not answer. Ask an admin.", permanent=False, cause="mail-unreachable")

    server.ready = unreachable
    for _ in installation.settings.retry_seconds:
        Run(installation, task_id).finish(server)
        task = task_of(installation, task_id, ana)
        assert task.state is State.WAITING
        assert "does not answer" in task.outcome
        _let_time_pass(installation, task_id)
    Run(installation, task_id).finish(server)
    task = task_of(installation, task_id, ana)
    assert task.state is State.FAILED
    assert task.outcome == "The mail server does not answer. 0 of 2 emails were sent. Ask an admin."
    assert task.can_retry


def test_the_shared_pace_spaces_messages_out(installation: Installation, ana: Person, start):
    server = Server()
    server.rate = 50.0
    task_id = start(6)
    began = now()
    Run(installation, task_id).finish(server)
    assert now() - began >= timedelta(seconds=5 / 50 - 0.02)
    assert task_of(installation, task_id, ana).state is State.DONE


def _let_time_pass(installation: Installation, task_id: int) -> None:
    t, d = schema.task, schema.delivery
    with installation.write() as conn:
        conn.execute(update(t).where(t.c.id == task_id).values(not_before=now()))
        conn.execute(update(d).where(d.c.task == task_id, d.c.next_try.is_not(None)).values(next_try=now()))


@pytest.mark.parametrize(("request_", "state"), [("cancel", State.CANCELLED), ("pause", State.HELD)])
@pytest.mark.parametrize("end", ["yield", "wait", "crash"])
def test_a_request_is_not_lost_when_the_run_is_requeued_at_the_same_moment(
    installation, ana, start, request_, state, end
):
    task_id = start(3)
    running = Run(installation, task_id)
    with installation.write() as conn:
        task = queries.one(conn, task_id, ana)
        if request_ == "cancel":
            commands.cancel(conn, installation.engine, task, ana)
        else:
            commands.pause(conn, installation.engine, installation.kind("email"), task, ana)
    with installation.write() as conn:
        if end == "crash":
            commands.recover(conn, installation.engine, task_id, running.task.attempt, counted=True)
        else:
            endings.stopped(conn, installation.engine, running.task, StopRun(StopRequest(end), until=now()))
    assert task_of(installation, task_id, ana).state is state
