"""Only so many are connected at once; a single mail goes before runs, and runs share."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from webapp.mail.connection_limit import ConnectionLimit


@pytest.fixture
def place(tmp_path):
    made = []

    def new(*, number: int = 1, is_urgent: bool = False, target: str = "smtp:h:25") -> ConnectionLimit:
        made.append(ConnectionLimit(tmp_path, target, number, is_urgent=is_urgent))
        return made[-1]

    yield new
    for one in made:
        one.give_back()


def test_there_are_as_many_places_as_were_set(place):
    taken = [place(number=2).take() for _ in range(3)]
    assert taken == [True, True, False]


def test_another_server_has_places_of_its_own(place):
    assert place().take()
    assert place(target="smtp:other:25").take()


def test_who_has_one_keeps_it(place):
    one = place()
    assert one.take()
    assert one.take()


def test_a_single_mail_is_wanted_at_once_and_goes_first(place):
    run, other_run, single = place(), place(), place(is_urgent=True)
    assert run.take()
    assert not run.is_wanted()
    assert not other_run.take()
    assert not run.is_wanted()  # a run waits for its turn
    assert not single.take()
    assert run.is_wanted()
    run.give_back()
    assert not other_run.take()
    assert not run.take()
    assert single.take()
    single.give_back()
    assert other_run.take()


def test_a_run_gives_way_to_another_one_after_its_turn(place, monkeypatch):
    run, other = place(), place()
    assert run.take()
    assert not other.take()
    monkeypatch.setattr("webapp.mail.connection_limit.HELD_SECONDS", 0.0)
    assert run.is_wanted()
    run.give_back()
    assert not run.take()  # the one that waited goes first
    assert other.take()


def test_nobody_is_ever_inside_together(place):
    inside, seen = [], []

    def go(number: int) -> None:
        mine = place(is_urgent=number % 2 == 0)
        while not mine.take():
            pass
        inside.append(number)
        seen.append(len(inside))
        inside.remove(number)
        mine.give_back()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(go, range(40)))
    assert seen == [1] * 40


def test_a_permit_whose_lock_file_vanished_is_taken_again(place, tmp_path):
    first, second = place(), place()
    assert first.take()
    for path in tmp_path.iterdir():
        path.unlink()
    assert first.take()
    assert not second.take()


def test_a_permit_that_another_took_after_its_lock_file_vanished_is_lost(place, tmp_path):
    first, second = place(), place()
    assert first.take()
    for path in tmp_path.iterdir():
        path.unlink()
    assert second.take()
    assert not first.take()
    second.give_back()
    assert first.take()


def test_the_folder_of_the_locks_is_made_again(tmp_path):
    limit = ConnectionLimit(tmp_path / "run", "smtp:h:25", 1, is_urgent=False)
    assert limit.take()
    shutil.rmtree(tmp_path / "run")
    assert limit.take()
    limit.give_back()
