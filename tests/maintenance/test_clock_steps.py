"""What waits for its time moves with a clock that is set back; what a person or a program chose stays."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from tests.factories import make_delivery, make_person, make_task
from webapp.accounts import links, sessions, throttle
from webapp.clock import now
from webapp.db import schema
from webapp.installation import Installation
from webapp.maintenance.clock_steps import ClockWatch
from webapp.ports.people import Person
from webapp.tasks import commands, inbox, queries
from webapp.tasks.ledger import rate_limit
from webapp.tasks.transitions import add_line

HOUR = timedelta(hours=1)
NEAR = timedelta(seconds=30)  # that a slow test may take
SetClock = Callable[[float], None]
t, d = schema.task, schema.delivery


class Target:
    """A target of the ledger, as far as its rate goes."""

    def __init__(self, name: str, rate: float | None = None, *, rests: bool = False) -> None:
        self.name, self.rate, self.rests = name, rate, rests


@pytest.fixture
def ana(either: Installation) -> Person:
    with either.write() as conn:
        return make_person(conn, either.settings)


@pytest.fixture
def set_back(either: Installation, set_clock: SetClock) -> Callable[[timedelta], None]:
    """Sets the clock back while the panel runs, and lets it notice."""
    set_clock(0)
    watch = ClockWatch(either)
    watch.begin()

    def back(by: timedelta = HOUR) -> None:
        watch.step()
        set_clock(-by.total_seconds())
        watch.step()
        watch.step()

    return back


def start(installation: Installation, owner: Person, *, undo: bool = False, not_before: datetime | None = None) -> int:
    kind = installation.kind("email")
    form = kind.form(to=["ana@example.com"], subject="S", body="B")
    with installation.write() as conn:
        return commands.start(conn, installation.engine, kind, form, owner, undo=undo, not_before=not_before).id


def not_before(installation: Installation, task_id: int) -> datetime:
    with installation.read() as conn:
        return conn.execute(select(t.c.not_before).where(t.c.id == task_id)).scalar_one()


def is_due(installation: Installation, task_id: int, within: timedelta = NEAR) -> bool:
    return not_before(installation, task_id) <= now() + within


@pytest.mark.parametrize("by", [timedelta(minutes=5), HOUR, timedelta(days=400)])
def test_a_queue_that_waits_for_its_turn_stays_due(either: Installation, ana: Person, set_back, by: timedelta):
    ids = [start(either, ana) for _ in range(5)]
    set_back(by)
    assert all(is_due(either, task_id) for task_id in ids)
    with either.read() as conn:
        assert queries.all_due(conn, "quick", now() + NEAR, 10) == ids


def test_an_undo_window_keeps_its_length(either: Installation, ana: Person, set_back):
    task_id = start(either, ana, undo=True)
    set_back()
    with either.read() as conn:
        task = queries.one(conn, task_id, ana)
    assert is_due(either, task_id, timedelta(seconds=ana.undo_seconds) + NEAR)
    assert task.undo_until == task.not_before


@pytest.mark.parametrize("state", ["waiting", "held"])
def test_a_retry_in_two_hours_stays_one_in_two_hours(either: Installation, ana: Person, set_back, state: str):
    with either.write() as conn:
        task_id = make_task(conn, ana, state, attempt=1, not_before=now() + 2 * HOUR)
        make_delivery(conn, task_id, "ana@example.com", "waiting", next_try=now() + 2 * HOUR)
        make_delivery(conn, task_id, "ben@example.com", "sent")
    set_back()
    with either.read() as conn:
        next_try = conn.execute(select(d.c.next_try).where(d.c.state == "waiting")).scalar_one()
    for moment in (next_try, not_before(either, task_id)):
        assert abs(moment - now() - 2 * HOUR) < NEAR


def test_a_time_that_was_chosen_stays(either: Installation, ana: Person, set_back):
    chosen = now() + 3 * HOUR
    task_id = start(either, ana, not_before=chosen)
    set_back()
    assert not_before(either, task_id) == chosen


def test_what_was_resumed_long_after_its_start_is_due(either: Installation, ana: Person, set_back):
    with either.write() as conn:
        long_ago = now() - timedelta(days=3)
        task_id = make_task(conn, ana, "waiting", created=long_ago, not_before=now())
        conn.execute(update(schema.task_line).values(at=long_ago))
        add_line(conn, task_id, "Resumed by Ana.")
    set_back()
    assert is_due(either, task_id)


def test_rates_and_rests_go_on(either: Installation, set_back):
    slow, rests = Target("smtp", 0.1), Target("hook", rests=True)
    with either.write() as conn:
        assert rate_limit.take(conn, slow)
        rate_limit.rest(conn, rests, 60)
    set_back()
    with either.read() as conn:
        assert rate_limit.seconds_to_wait(conn, slow) <= 10
        assert 0 < rate_limit.seconds_to_wait(conn, rests) <= 60 + NEAR.total_seconds()


@pytest.mark.parametrize("target", [Target("a", 0.5), Target("b", rests=True), Target("c", 2.0, rests=True)])
def test_a_rate_stands_still_for_no_longer_than_it_can_ask_for(
    either: Installation, set_clock: SetClock, target: Target
):
    set_clock(400 * 86_400)
    with either.write() as conn:
        rate_limit.rest(conn, target, 5)
    set_clock(0)
    with either.write() as conn:
        assert rate_limit.seconds_to_wait(conn, target) == 0
        assert rate_limit.take(conn, target)
        assert rate_limit.seconds_to_wait(conn, target) <= 1 / (target.rate or 1)


def test_signing_in_is_slowed_down_no_longer_than_before(either: Installation, set_back):
    with either.write() as conn:
        throttle.take(conn, "ana@example.com", "192.0.2.1")
        for _ in range(5):
            throttle.take(conn, "ben@example.com", "192.0.2.2")
    set_back()
    with either.write() as conn:
        throttle.take(conn, "ana@example.com", "192.0.2.1")
    with pytest.raises(throttle.TooManyTries) as refused, either.write() as conn:
        throttle.take(conn, "ben@example.com", "192.0.2.2")
    assert refused.value.seconds <= throttle.FIRST_WAIT


def test_signing_in_works_before_the_step_was_noticed(either: Installation, set_clock: SetClock):
    with either.write() as conn:
        throttle.take(conn, "ana@example.com", "192.0.2.1")
    set_clock(-3_600)
    with either.write() as conn:
        throttle.take(conn, "ana@example.com", "192.0.2.1")


def test_sessions_and_links_of_a_clock_that_was_ahead_end_no_later_than_others(
    either: Installation, ana: Person, set_clock: SetClock
):
    set_clock(400 * 86_400)
    watch = ClockWatch(either)
    with either.write() as conn:
        cookie = sessions.start(conn, ana.id)
        invite = links.new_invite(conn, ana.id)
    set_clock(0)
    watch.step()
    with either.read() as conn:
        session, link = sessions.find(conn, either.settings, cookie), links.find(conn, "invite", invite.secret)
    assert session.expires <= now() + sessions.LIFE
    assert session.until <= now() + sessions.IDLE
    assert link.expires <= now() + links.LIFE


def test_use_is_noted_again_after_the_clock_was_set_back(either: Installation, ana: Person, set_clock: SetClock):
    with either.write() as conn:
        cookie = sessions.start(conn, ana.id)
    set_clock(-3_600)
    with either.read() as conn:
        assert sessions.find(conn, either.settings, cookie).is_stale


def test_an_old_notice_is_not_new_for_ever(either: Installation, ana: Person, set_clock: SetClock):
    set_clock(400 * 86_400)
    with either.write() as conn:
        inbox.notify(conn, inbox.NewNotice(person=ana.id, title="Title", text="Text", key="k"))
    set_clock(0)
    with either.read() as conn:
        assert inbox.bell(conn, ana).newest == []
        assert inbox.unread(conn, ana) == 1


def test_pages_hear_of_it(either: Installation, set_back):
    before = either.look_for_changes()
    set_back()
    assert either.look_for_changes() > before


def test_a_step_while_the_panel_was_off_is_found_at_the_start(either: Installation, ana: Person, set_clock: SetClock):
    ClockWatch(either).begin()
    task_id = start(either, ana)
    set_clock(-3_600)
    ClockWatch(either).begin()
    assert is_due(either, task_id)


def test_a_step_counts_once_however_many_processes_notice_it_and_however_often_they_start(
    either: Installation, ana: Person, set_clock: SetClock
):
    set_clock(0)
    watches = [ClockWatch(either), ClockWatch(either)]
    watches[0].begin()
    with either.write() as conn:
        task_id = make_task(conn, ana, "waiting", attempt=1, not_before=now() + 2 * HOUR)
    set_clock(-3_600)
    for watch in watches:
        watch.step()
    for _ in range(3):
        ClockWatch(either).begin()
    assert abs(not_before(either, task_id) - now() - 2 * HOUR) < NEAR


def test_a_clock_that_goes_ahead_moves_nothing(either: Installation, ana: Person, set_clock: SetClock):
    set_clock(0)
    watch = ClockWatch(either)
    task_id = start(either, ana, undo=True)
    before = not_before(either, task_id)
    set_clock(3_600)
    watch.step()
    assert not_before(either, task_id) == before


def test_a_step_is_tried_again_after_a_fault(
    either: Installation, ana: Person, set_clock: SetClock, monkeypatch: pytest.MonkeyPatch
):
    set_clock(0)
    watch = ClockWatch(either)
    task_id = start(either, ana)
    set_clock(-3_600)
    with monkeypatch.context() as broken:
        broken.setattr(either.engine, "submit", lambda *given: (_ for _ in ()).throw(OSError("full")))
        with pytest.raises(OSError, match="full"):
            watch.step()
    assert not is_due(either, task_id)
    watch.step()
    assert is_due(either, task_id)


def test_ten_thousand_waiting_tasks_move_in_one_go(either: Installation, ana: Person, set_back):
    with either.write() as conn:
        make_task(conn, ana, "waiting", attempt=1)
        row = dict(conn.execute(select(t)).mappings().one())
        del row["id"]
        conn.execute(insert(t), [row | {"key": f"k{number}"} for number in range(10_000)])
    set_back()
    with either.read() as conn:
        assert len(queries.all_due(conn, "quick", now() + NEAR, 20_000)) == 10_001
