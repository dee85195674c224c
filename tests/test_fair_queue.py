"""Few at once, by turns between people, and nobody for ever."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.waiting import until
from webapp.fair_queue import FairQueue, NoPermit


class Office:
    """People who call the same queue from threads; `served` are those who got a permit, in their order."""

    def __init__(self, queue: FairQueue) -> None:
        self.queue, self.served, self.refused = queue, [], []
        self._threads: list[threading.Thread] = []

    def call(self, person: str, patience: float | None = 30) -> None:
        """Returns once the call waits, has been served, or was refused."""
        before = self.queue.waiting, len(self.served), len(self.refused)
        thread = threading.Thread(target=self._call, args=(person, patience))
        thread.start()
        self._threads.append(thread)
        until(lambda: (self.queue.waiting, len(self.served), len(self.refused)) != before)

    def _call(self, person: str, patience: float | None) -> None:
        try:
            with self.queue.permit(person, patience):
                self.served.append(person)
        except NoPermit:
            self.refused.append(person)

    def join(self) -> None:
        for thread in self._threads:
            thread.join(30)


@contextmanager
def taken(queue: FairQueue) -> Iterator[Office]:
    """The only permit is taken for as long as the block runs."""
    office = Office(queue)
    with queue.permit("first", None):
        yield office
    office.join()


def test_one_after_another_in_the_order_they_came():
    with taken(FairQueue(1, 100)) as office:
        for person in "cab":
            office.call(person)
    assert office.served == ["c", "a", "b"]


def test_one_persons_many_calls_do_not_shut_out_others():
    with taken(FairQueue(1, 100)) as office:
        for person in [*"a" * 20, "b", "c", "b"]:
            office.call(person)
    assert office.served == ["a", "b", "c", "a", "b", *"a" * 18]


def test_no_more_at_once_than_permits():
    queue, inside, most = FairQueue(3, 100), [], []

    def work() -> None:
        with queue.permit(threading.get_ident(), 30):
            inside.append(1)
            most.append(len(inside))
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(most) == 40
    assert max(most) <= 3
    assert queue.waiting == 0


def test_a_caller_that_waited_long_enough_is_refused_and_leaves_the_queue():
    queue = FairQueue(1, 100)
    with taken(queue) as office:
        office.call("a", patience=0.01)
        until(lambda: office.refused == ["a"])
        assert queue.waiting == 0
        office.call("b")
    assert office.served == ["b"]


def test_a_full_queue_refuses_the_last_call_of_the_person_with_most():
    with taken(FairQueue(1, 10)) as office:
        for _ in range(10):
            office.call("a")
        office.call("b")
        until(lambda: office.refused == ["a"])
        for _ in range(3):
            office.call("a")
        until(lambda: Counter(office.refused) == {"a": 4})
    assert office.served[:2] == ["a", "b"]
    assert Counter(office.served) == {"a": 9, "b": 1}


def test_in_a_full_line_of_many_people_the_newcomer_is_refused():
    with taken(FairQueue(1, 5)) as office:
        for person in "abcdef":
            office.call(person)
        until(lambda: office.refused == ["f"])
    assert office.served == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_permit_comes_back_whatever_happens(error: type[BaseException]):
    queue = FairQueue(1, 10)
    with pytest.raises(error), queue.permit("a", None):
        raise error
    with queue.permit("b", 0.01):
        assert queue.waiting == 0


def test_a_person_holds_at_most_so_many_permits_and_others_pass():
    queue = FairQueue(3, 100)
    with queue.permit("ana", None, at_once=2), queue.permit("ana", None, at_once=2):
        third = threading.Thread(target=_hold, args=(queue, "ana", released := threading.Event()))
        third.start()
        until(lambda: queue.waiting == 1)
        with queue.permit("ben", 0, at_once=2):  # the third permit is free for others
            assert queue.waiting == 1
        assert queue.waiting == 1
    until(lambda: queue.waiting == 0)
    released.set()
    third.join(30)
    with queue.permit("ana", 0, at_once=1):
        pass


def _hold(queue: FairQueue, person: str, released: threading.Event) -> None:
    with queue.permit(person, None, at_once=2):
        released.wait(30)


def test_of_one_person_only_so_many_wait():
    with taken(FairQueue(1, 100, 3)) as office:
        for person in [*"a" * 5, "b"]:
            office.call(person)
        assert office.refused == ["a", "a"]
    assert sorted(office.served) == ["a", "a", "a", "b"]
