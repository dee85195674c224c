"""The throttle: how many tries are free, how long the waits are, and whom they do not hit."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from webapp.accounts import throttle
from webapp.accounts.throttle import TooManyTries

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
OFFICE = "192.0.2.7"


def try_once(room, after=0.0, email="ana@example.com", network=OFFICE):
    """Takes a try so many seconds after noon; returns the seconds to wait where it is refused."""
    try:
        with room.write() as conn:
            throttle.take(conn, email, network, NOON + timedelta(seconds=after))
    except TooManyTries as refused:
        return refused.seconds
    return 0


def test_five_tries_are_free_and_the_sixth_waits_forty_seconds(room):
    assert [try_once(room) for _ in range(6)] == [0, 0, 0, 0, 0, 40]
    assert try_once(room, 39.5) == 1
    assert try_once(room, 40) == 0


def test_each_further_try_waits_twice_as_long_up_to_fifteen_minutes(room):
    at, waits = 0, []
    for _ in range(5):
        try_once(room)
    for _ in range(7):
        waits.append(try_once(room, at))
        at += waits[-1]
        assert try_once(room, at) == 0
    assert waits == [40, 80, 160, 320, 640, 900, 900]


def test_a_refused_try_does_not_lengthen_the_wait(room):
    for _ in range(30):
        try_once(room)
    assert try_once(room) == 40


def test_capitals_are_the_same_account(room):
    for email in ("ana@example.com", "ANA@example.com", " ana@EXAMPLE.com ", "Ana@example.com", "ana@example.com"):
        try_once(room, email=email)
    assert try_once(room) == 40


def test_one_network_address_that_tries_many_accounts_is_slowed_down_too(room):
    assert [try_once(room, email=f"p{number}@example.com") for number in range(21)] == [0] * 20 + [40]
    assert try_once(room, email="p99@example.com", network="192.0.2.8") == 0


def test_many_addresses_of_one_ipv6_network_are_one(room):
    for number in range(20):
        try_once(room, email=f"p{number}@example.com", network=f"2001:db8:1:2::{number:x}")
    assert try_once(room, email="q@example.com", network="2001:db8:1:2:ffff::1") == 40
    assert try_once(room, email="q@example.com", network="2001:db8:1:3::1") == 0


def test_the_right_password_forgets_the_typing_errors_of_this_account_only(room):
    for number in range(19):
        try_once(room, email=f"p{number}@example.com")
    try_once(room)
    with room.write() as conn:
        throttle.forgive(conn, "ana@example.com", OFFICE, NOON)
    assert try_once(room, email="q@example.com") == 0  # the 20th: what ana's try had added is gone
    assert try_once(room, email="q@example.com") == 40


def test_an_hour_of_quiet_forgets_all(room):
    for _ in range(5):
        try_once(room)
    assert try_once(room, 40 + 3601) == 0
    assert try_once(room, 40 + 3601) == 0


def test_tries_at_the_same_moment_are_all_counted(room):
    together, answers = threading.Barrier(12), []

    def attack():
        together.wait()
        answers.append(try_once(room))

    threads = [threading.Thread(target=attack) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(0) == 5


@pytest.mark.parametrize(
    ("seconds", "words"), [(40, "40 seconds"), (1, "1 second"), (120, "120 seconds"), (840, "14 minutes")]
)
def test_the_wait_is_said_in_plain_words(seconds, words):
    assert TooManyTries(seconds).message == f"Too many tries. Try again in {words}."


@pytest.mark.parametrize("typed", ["", "x" * 100_000, "\0", "\udce9"])
def test_whatever_is_typed_as_address_is_counted(room, typed):
    for _ in range(5):
        assert try_once(room, email=typed, network="") == 0
    assert try_once(room, email=typed, network="") == 40
