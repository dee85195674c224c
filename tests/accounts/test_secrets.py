"""Passwords, tokens and one-time links."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from webapp.accounts import links, passwords, tokens
from webapp.clock import now
from webapp.db import schema
from webapp.errors import NotFound, UserError

GOOD = "correct horse battery"


def test_a_password_is_known_again_and_stored_as_argon2():
    stored = passwords.hashed(GOOD)
    assert stored.startswith("$argon2id$")
    assert passwords.is_right(stored, GOOD)
    assert not passwords.is_right(stored, GOOD + " ")


def test_the_same_letter_typed_in_two_ways_is_the_same_password():
    assert passwords.is_right(passwords.hashed("Schlüsselbund"), "Schlu\u0308sselbund")


def test_nobodys_password_is_never_right():
    assert not passwords.is_right("", "nobody has this password")
    assert not passwords.is_right("not a hash", GOOD)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("short", "Choose a password of 10 characters or more."),
        ("", "Choose a password of 10 characters or more."),
        ("x" * 1001, "This password is too long. 1,000 characters are the most."),
        ("aaaaaaaaaaaa", "easy to guess"),
        ("1234567890", "easy to guess"),
        ("Ana@Example.com", "easy to guess"),
    ],
)
def test_a_bad_password_is_refused(typed, words):
    with pytest.raises(UserError, match=words) as caught:
        passwords.check_new(typed, "ana@example.com")
    assert caught.value.field == "password"


@pytest.mark.parametrize("typed", ["password123", "Iglesias-2024", "iglesias ana", "qwertyuiop"])
def test_a_password_of_known_words_or_of_ones_own_name_is_refused(typed):
    with pytest.raises(UserError, match="easy to guess"):
        passwords.check_new(typed, "ana.r@example.com", "Ana Iglesias")


def test_a_good_password_may_be_long_and_of_any_script():
    for typed in (GOOD, "four tall words " + "x1y2" * 240, "пароль для всех", "🔑 key of the house"):
        passwords.check_new(typed, "ana@example.com")


def test_a_token_finds_its_owner_and_is_not_in_the_database(room):
    ana = room.add()
    with room.write() as conn:
        secret = tokens.add(conn, ana.id, " nightly\nexport ")
    assert secret.startswith("out_")
    with room.read() as conn:
        found = tokens.find(conn, room.settings, secret)
        assert secret not in str(conn.execute(select(schema.token)).all())
    assert (found.person, found.token.name, found.token.used) == (ana, "nightly export", None)


def test_the_use_of_a_token_is_noted_once_a_minute(room):
    ana = room.add()
    with room.write() as conn:
        secret = tokens.add(conn, ana.id, "export")
    with room.write() as conn:
        found = tokens.find(conn, room.settings, secret)
        assert found.token.is_stale
        tokens.touch(conn, found.token)
        assert not tokens.find(conn, room.settings, secret).token.is_stale
        conn.execute(update(schema.token).values(used=now() - timedelta(seconds=61)))
        assert tokens.find(conn, room.settings, secret).token.is_stale


def test_a_revoked_token_opens_nothing_and_only_its_owner_revokes_it(room):
    ana, ben = room.add(), room.add(email="ben@example.com")
    with room.write() as conn:
        secret = tokens.add(conn, ana.id, "export")
        [token] = tokens.of_person(conn, ana.id)
        with pytest.raises(NotFound):
            tokens.revoke(conn, ben.id, token.id)
        assert tokens.find(conn, room.settings, secret)
        assert tokens.revoke(conn, ana.id, token.id) == "export"
        assert tokens.find(conn, room.settings, secret) is None


def test_a_token_needs_a_name(room):
    ana = room.add()
    with room.write() as conn, pytest.raises(UserError, match="Write what the token is for"):
        tokens.add(conn, ana.id, " ")


def test_a_link_works_once(room):
    ana = room.add(stored="")
    with room.write() as conn:
        made = links.new_invite(conn, ana.id)
    with room.write() as conn:
        assert links.find(conn, "invite", made.secret).person == ana.id
        assert links.use(conn, "invite", made.secret).person == ana.id
    with room.write() as conn:
        assert links.find(conn, "invite", made.secret) is None
        assert links.use(conn, "invite", made.secret) is None


def test_a_link_serves_its_own_purpose_only(room):
    ana = room.add(stored="")
    with room.write() as conn:
        setup, invite = links.new_setup(conn), links.new_invite(conn, ana.id)
        assert links.use(conn, "invite", setup) is None
        assert links.use(conn, "setup", invite.secret) is None


def test_a_link_ends_after_a_week_and_when_a_newer_one_is_made(room):
    ana = room.add(stored="")
    with room.write() as conn:
        first = links.new_invite(conn, ana.id)
        second = links.new_invite(conn, ana.id)
        assert links.find(conn, "invite", first.secret) is None
        assert links.find(conn, "invite", second.secret).expires == second.expires
        conn.execute(update(schema.link).values(expires=now()))
        assert links.use(conn, "invite", second.secret) is None


def test_a_restart_makes_the_set_up_link_anew(room):
    with room.write() as conn:
        first, second = links.new_setup(conn), links.new_setup(conn)
        assert links.find(conn, "setup", first) is None
        assert links.find(conn, "setup", second) is not None
        links.end_setup(conn)
        assert links.find(conn, "setup", second) is None
