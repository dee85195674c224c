"""A run in which everything fails stops automatically; a person can retry it."""

import pytest

from tests.tasks.running import SENT, Run, Server, task_of
from webapp.ports.deliveries import Reply, ReplyState
from webapp.tasks import commands
from webapp.tasks.model import State

REFUSED = Reply(ReplyState.FAILED, "There is no such mailbox.", "550 5.1.1 Who?")


@pytest.mark.parametrize("state", ["failed", "unknown"])
def test_twenty_five_failures_in_a_row_stop_a_run_and_it_says_why(installation, ana, start, state):
    task_id, server = start(60), Server(lambda to: Reply(ReplyState(state), "No such luck."))
    Run(installation, task_id).finish(server)
    task = task_of(installation, task_id, ana)
    assert len(server.seen) == 25
    assert dict(task.counts) == {state: 25, "skipped": 35}
    assert "25 messages in a row failed" in task.outcome
    assert "No such luck." in task.outcome
    assert task.state is (State.FAILED if state == "failed" else State.ATTENTION)


def test_one_that_is_taken_in_between_begins_the_count_anew(installation, ana, start):
    task_id = start(49)
    server = Server(lambda to: SENT if to == "p24@example.com" else REFUSED)
    Run(installation, task_id).finish(server)
    task = task_of(installation, task_id, ana)
    assert dict(task.counts) == {"failed": 48, "sent": 1}


def test_later_is_no_failure(installation, ana, start):
    task_id, server = start(40), Server(lambda to: Reply(ReplyState.LATER, "Greylisted."))
    Run(installation, task_id).finish(server)
    assert len(server.seen) == 40
    assert task_of(installation, task_id, ana).state is State.WAITING


def test_the_count_goes_on_when_the_run_goes_back_in_between(installation, ana, start, monkeypatch):
    task_id, other, server = start(60), start(2), Server()

    def refuse(to: str) -> Reply:
        if len(server.seen) == 10:
            monkeypatch.setattr("webapp.tasks.ledger.send_gate.TURN", 0.0)
        return REFUSED

    server.answer = refuse
    Run(installation, task_id).finish(server)
    assert (task_of(installation, task_id, ana).state, len(server.seen)) == (State.WAITING, 10)
    monkeypatch.undo()
    Run(installation, other).finish(Server())
    Run(installation, task_id).finish(server)
    assert (task_of(installation, task_id, ana).state, len(server.seen)) == (State.FAILED, 25)


def test_retry_goes_on_with_all_that_are_left(installation, ana, start):
    task_id = start(30)
    Run(installation, task_id).finish(Server(lambda to: REFUSED))
    with installation.write() as conn:
        commands.retry(conn, installation.engine, task_of(installation, task_id, ana), ana)
    again = Server(lambda to: REFUSED if to < "p2" else SENT)
    Run(installation, task_id).finish(again)
    assert len(again.seen) == 30
    assert task_of(installation, task_id, ana).state is State.ATTENTION
