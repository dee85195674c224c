"""Sessions: what the database holds, when they end, and that pages hear of it."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from webapp.accounts import commands, sessions
from webapp.clock import now
from webapp.db import schema
from webapp.errors import NotFound

s = schema.session


def start(room, person, agent="Firefox"):
    with room.write() as conn:
        return sessions.start(conn, person.id, agent)


def find(room, cookie):
    with room.read() as conn:
        return sessions.find(conn, room.settings, cookie)


def age(room, **values):
    with room.write() as conn:
        conn.execute(update(s).values(**values))


def test_a_cookie_finds_its_person_and_is_not_in_the_database(room):
    ana = room.add()
    cookie = start(room, ana)
    assert find(room, cookie).person == ana
    with room.read() as conn:
        assert cookie not in str(conn.execute(select(s)).all())


@pytest.mark.parametrize("cookie", ["", "x", "\0", "é", "\udce9", "x" * 10_000])
def test_a_made_up_cookie_finds_nobody(room, cookie):
    start(room, room.add())
    assert find(room, cookie) is None


def test_a_session_ends_after_two_weeks_without_use(room):
    cookie = start(room, room.add())
    age(room, seen=now() - sessions.IDLE + timedelta(minutes=1))
    assert find(room, cookie) is not None
    age(room, seen=now() - sessions.IDLE - timedelta(minutes=1))
    assert find(room, cookie) is None


def test_a_session_ends_after_ninety_days_however_much_it_is_used(room):
    cookie = start(room, room.add())
    age(room, expires=now() - timedelta(seconds=1))
    assert find(room, cookie) is None


def test_use_puts_the_idle_end_off_and_is_noted_every_few_minutes_only(room):
    cookie = start(room, room.add())
    assert not find(room, cookie).is_stale
    age(room, seen=now() - timedelta(days=13))
    session = find(room, cookie)
    assert session.is_stale
    assert session.until < now() + timedelta(days=2)
    with room.write() as conn:
        sessions.touch(conn, session)
    assert find(room, cookie).until > now() + timedelta(days=13)


def test_a_new_session_clears_away_those_that_have_ended(room):
    ana = room.add()
    start(room, ana)
    age(room, expires=now() - timedelta(days=1))
    start(room, ana)
    with room.read() as conn:
        assert len(conn.execute(select(s)).all()) == 1


def test_every_way_to_end_a_session_tells_the_pages(room):
    ana = room.add()
    cookies = [start(room, ana) for _ in range(4)]
    ids = [find(room, cookie).id for cookie in cookies]
    before = room.changes
    with room.write() as conn:
        sessions.end(conn, cookies[0])
    with room.write() as conn:
        sessions.end_one(conn, ana.id, ids[1])
    with room.write() as conn:
        sessions.end_all(conn, ana.id, keep=find(room, cookies[3]).hash)
    assert [find(room, cookie) is not None for cookie in cookies] == [False, False, False, True]
    assert room.changes == before + 3


def test_nobody_ends_the_session_of_somebody_else(room):
    ana, ben = room.add(), room.add(email="ben@example.com")
    cookie = start(room, ana)
    for person, named in ((ben, find(room, cookie).id), (ana, ""), (ana, "%" * 16), (ana, "_" * 16)):
        with room.write() as conn, pytest.raises(NotFound):
            sessions.end_one(conn, person.id, named)
    assert find(room, cookie) is not None


def test_a_new_password_ends_all_sessions_of_its_person(room):
    ana, ben = room.add(), room.add(email="ben@example.com")
    mine, other, bens = start(room, ana), start(room, ana), start(room, ben)
    before = room.changes
    with room.write() as conn:
        commands.set_password(conn, ana, "new")
    assert [find(room, cookie) is not None for cookie in (mine, other, bens)] == [False, False, True]
    assert room.changes == before + 1


def test_sessions_are_listed_by_their_last_use(room):
    ana = room.add()
    old = start(room, ana, "Old")
    age(room, seen=now() - timedelta(hours=1))
    start(room, ana, "New" + "w" * 1000)
    with room.read() as conn:
        listed = sessions.of_person(conn, room.settings, ana.id)
    assert [session.agent[:3] for session in listed] == ["New", "Old"]
    assert listed[1].id == find(room, old).id
