"""The speed of a run: set by a person while it goes."""

import threading
import time

import pytest

from tests.tasks.running import Run, Server, task_of
from tests.waiting import until
from webapp.clock import now
from webapp.errors import Conflict, UserError
from webapp.tasks import commands, queries
from webapp.tasks.ledger import send_rate
from webapp.tasks.ledger.rate_limit import RunRate
from webapp.tasks.model import State


def _set(installation, task_id: int, ana, rate: float | None) -> None:
    with installation.write() as conn:
        send_rate.change_speed(conn, installation.engine, queries.one(conn, task_id, ana), ana, rate)


@pytest.mark.parametrize(("typed", "rate"), [("5", 5.0), (" 0,5 ", 0.5), ("", None), ("1000", 1000.0)])
def test_a_speed_is_read_as_people_write_it(typed, rate):
    assert send_rate.read_rate(typed) == rate


@pytest.mark.parametrize("typed", ["fast", "-1", "0", "1e3", "nan", "100000", "0.001", "1.2.3", "٣.٤.٥"])
def test_what_is_no_speed_is_refused(typed):
    with pytest.raises(UserError):
        send_rate.read_rate(typed)


def test_a_run_keeps_to_its_own_speed_beside_its_servers(installation, ana, start):
    task_id, server, moments = start(4), Server(), []
    _set(installation, task_id, ana, 20.0)
    server.answer = lambda to, usual=server.answer: (moments.append(time.monotonic()), usual(to))[1]
    Run(installation, task_id).finish(server)
    assert len(moments) == 4
    assert moments[-1] - moments[0] >= 3 / 20 - 0.02
    assert "Ana set the speed: at most 20 a second." in _lines(installation, task_id)


def test_a_slow_run_that_waits_hears_of_a_new_speed(installation, ana, start):
    task_id, server = start(40), Server()
    _set(installation, task_id, ana, 0.25)
    running = threading.Thread(target=Run(installation, task_id).finish, args=(server,))
    running.start()
    until(lambda: len(server.seen) == 1)
    _set(installation, task_id, ana, None)
    running.join(3)
    assert not running.is_alive()
    assert len(server.seen) == 40


def test_a_very_slow_run_leaves_its_slot_and_a_new_speed_brings_it_back(installation, ana, start):
    task_id, server = start(2), Server()
    _set(installation, task_id, ana, 0.05)
    Run(installation, task_id).finish(server)
    waiting = task_of(installation, task_id, ana)
    assert (waiting.state, len(server.seen)) == (State.WAITING, 1)
    assert 15 < (waiting.not_before - now()).total_seconds() <= 20
    _set(installation, task_id, ana, 500.0)
    Run(installation, task_id).finish(server)
    assert task_of(installation, task_id, ana).state is State.DONE


def test_a_task_that_is_over_or_sends_nothing_has_no_speed(installation, ana, start):
    ended, single = start(2), start(1)
    Run(installation, ended).finish(Server())
    for task_id in (ended, single):
        with pytest.raises(Conflict):
            _set(installation, task_id, ana, 5.0)


def test_after_a_break_messages_do_not_come_in_a_heap():
    pace = RunRate(10.0)
    pace.step()
    assert 0.08 < pace.seconds_to_wait() <= 0.1
    pace._last_due -= 60
    pace.step()
    assert pace.seconds_to_wait() > 0.08


def test_the_page_tells_what_a_run_sends_through_and_from_whom(installation, ana, start):
    task_id = start(2)
    Run(installation, task_id).finish(Server())
    task = task_of(installation, task_id, ana)
    assert (task.target, task.sender) == ("test", "office@example.com")


def test_a_speed_outlives_a_pause(installation, ana, start):
    task_id = start(3)
    _set(installation, task_id, ana, 30.0)
    with installation.write() as conn:
        commands.pause(conn, installation.engine, installation.kind("email"), queries.one(conn, task_id, ana), ana)
    with installation.write() as conn:
        commands.resume(conn, installation.engine, queries.one(conn, task_id, ana), ana)
    assert task_of(installation, task_id, ana).rate == 30.0


def _lines(installation, task_id: int) -> list[str]:
    with installation.read() as conn:
        return [line.words for line in queries.lines(conn, task_id)]
