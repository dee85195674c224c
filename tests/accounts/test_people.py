"""People: addresses, names, the last admin, and what other rooms see of a person."""

import threading

import pytest

from webapp.accounts import commands, links, people, sessions, tokens
from webapp.accounts.people import NewPerson
from webapp.errors import Conflict, NotFound, UserError

# Zero-width, bidirectional and soft characters.
HIDDEN = "\u200b\u200c\u200d\u2060\ufeff\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\xad"


def refused(room, **given):
    with pytest.raises(UserError) as caught:
        room.add(**given)
    return caught.value


def test_an_address_is_kept_in_lower_case_and_found_however_it_is_typed(room):
    ana = room.add(email="  Ana.RUIZ@Example.COM ")
    assert ana.email == "ana.ruiz@example.com"
    with room.read() as conn:
        assert people.by_email(conn, room.settings, "ANA.ruiz@example.com") == ana


def test_the_same_address_in_capitals_is_here_already(room):
    room.add(email="ben@example.com")
    error = refused(room, email="BEN@example.com")
    assert (error.message, error.field) == ("ben@example.com is here already.", "email")


def test_a_refused_address_leaves_the_transaction_usable(room):
    room.add(email="ben@example.com")
    with room.write() as conn:
        with pytest.raises(UserError):
            people.add(conn, room.settings, NewPerson(email="ben@example.com", name="Ben", role="staff"))
        people.add(conn, room.settings, NewPerson(email="cleo@example.com", name="Cleo", role="staff"))
    with room.read() as conn:
        assert [member.person.name for member in people.listing(conn, room.settings)] == ["Ana Ruiz", "Cleo"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Write an email address."),
        ("bob@example", "“bob@example” has no ending such as .com."),
        ("bob", "“bob” is not an email address such as ana@example.com."),
        ("bob@@example.com", "“bob@@example.com” is not an email address such as ana@example.com."),
        ("a" * 250 + "@example.com", "This address is too long. 254 characters are the most."),
    ],
)
def test_a_bad_address_is_explained_in_plain_words(room, typed, words):
    error = refused(room, email=typed)
    assert (error.message, error.field) == (words, "email")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("аna@example.com", "mixes letters of several scripts (Cyrillic and Latin)"),
        ("ana@exаmple.com", "mixes letters of several scripts (Cyrillic and Latin)"),
        ("ana.руиз@example.com", "mixes letters of several scripts (Cyrillic and Latin)"),
        ("ana@xn--exmple-4nf.com", "mixes letters of several scripts (Cyrillic and Latin)"),
        ("anaπ@example.com", "mixes letters of several scripts (Greek and Latin)"),
        ("сосо@example.com", "is written in letters that look like Latin ones (Cyrillic)"),
        ("ana@сосо.com", "is written in letters that look like Latin ones (Cyrillic)"),
        ("ａna@example.com", "holds an unusual form of a letter (U+FF41)"),
        ("𝐚na@example.com", "holds an unusual form of a letter (U+1D41A)"),
        ("ana@ｅxample.com", "holds an unusual form of a letter (U+FF45)"),
        *((f"an{c}a@example.com", f"cannot be seen (U+{ord(c):04X})") for c in HIDDEN),
        *((f"ana@exa{c}mple.com", f"cannot be seen (U+{ord(c):04X})") for c in HIDDEN),
    ],
)
def test_an_address_that_could_pass_for_another_is_refused(room, typed, words):
    error = refused(room, email=typed)
    assert words in error.message
    assert error.field == "email"
    assert not set(HIDDEN) & set(error.message)


@pytest.mark.parametrize(
    "address",
    ["josé@example.com", "müller@bücher.example.com", "иван@пример.рф", "δημήτρης@παράδειγμα.gr", "田中@例え.jp",
     "tanaka田中@example.com", "ひらカナ漢@example.com", "김@example.kr", "דוד@example.com", "a+b_1@example.com"],
)  # fmt: skip
def test_an_address_in_any_one_script_is_taken(room, address):
    assert room.add(email=address).email == address


@pytest.mark.parametrize("typed", ["a@b.com\r\nBcc: c@d.com", "a\0@b.com", "<a@b.com>", "a b@c.com"])
def test_an_address_that_smuggles_something_is_refused(room, typed):
    assert refused(room, email=typed).field == "email"


def test_an_address_of_the_office_network_is_taken(room):
    assert room.add(email="ana@office.local").email == "ana@office.local"


def test_a_name_is_one_line_without_what_cannot_be_stored(room):
    assert room.add(name=" Ana\r\n\0  Ruiz\u2028 ").name == "Ana Ruiz"


@pytest.mark.parametrize(
    ("typed", "words"), [(" \n", "Write a name."), ("x" * 101, "This is too long. 100 characters are the most.")]
)
def test_an_empty_or_overlong_name_is_refused(room, typed, words):
    error = refused(room, name=typed)
    assert (error.message, error.field) == (words, "name")


def test_people_who_chose_nothing_have_the_zone_and_the_wait_of_the_installation(room):
    ana = room.add()
    assert (ana.zone.key, ana.undo_seconds) == ("Europe/Madrid", 7)


def test_a_profile_can_be_changed(room):
    ana = room.add()
    with room.write() as conn:
        commands.set_profile(conn, ana, " Ana  Maria ", "Asia/Tokyo")
        commands.set_undo_seconds(conn, ana, 120)
    with room.read() as conn:
        changed = people.by_id(conn, room.settings, ana.id)
    assert (changed.name, changed.zone.key, changed.undo_seconds) == ("Ana Maria", "Asia/Tokyo", 120)


def test_an_unknown_zone_is_refused(room):
    ana = room.add()
    with room.write() as conn, pytest.raises(UserError, match="Choose a time zone"):
        commands.set_profile(conn, ana, "Ana", "../../etc/passwd")


def test_there_is_no_admin_until_one_can_sign_in(room):
    with room.read() as conn:
        assert not people.has_admin(conn)
    room.add(role="admin", stored="")
    with room.read() as conn:
        assert not people.has_admin(conn)
    room.add(email="root@example.com", role="admin")
    with room.read() as conn:
        assert people.has_admin(conn)


@pytest.mark.parametrize("change", [commands.disable, lambda conn, person: commands.set_role(conn, person, "staff")])
def test_the_last_admin_stays(room, change):
    root = room.add(email="root@example.com", name="Root", role="admin")
    room.add(email="invited@example.com", role="admin", stored="")
    with room.write() as conn, pytest.raises(Conflict, match="Root is the only admin"):
        change(conn, root)
    room.add(email="second@example.com", role="admin")
    with room.write() as conn:
        change(conn, root)


def test_two_admins_who_demote_each_other_at_the_same_moment_leave_one(room):
    pair = [room.add(email=f"{name}@example.com", role="admin") for name in ("a", "b")]
    both = threading.Barrier(2)

    def demote(person):
        both.wait()
        try:
            with room.write() as conn:
                commands.set_role(conn, person, "staff")
        except Conflict:
            pass

    threads = [threading.Thread(target=demote, args=(person,)) for person in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with room.read() as conn:
        assert [member.person.role for member in people.listing(conn, room.settings)].count("admin") == 1


def test_a_disabled_person_has_no_way_in_left(room):
    room.add(email="root@example.com", role="admin")
    ana = room.add()
    with room.write() as conn:
        cookie, secret = sessions.start(conn, ana.id), tokens.add(conn, ana.id, "script")
        link = links.new_invite(conn, ana.id).secret
        commands.disable(conn, ana)
    with room.read() as conn:
        assert sessions.find(conn, room.settings, cookie) is None
        assert tokens.find(conn, room.settings, secret) is None
        assert links.find(conn, "invite", link) is None
        assert people.credentials(conn, ana.email) is None
    with room.write() as conn:
        commands.enable(conn, ana)
    with room.read() as conn:
        assert people.credentials(conn, ana.email) is not None
        assert sessions.find(conn, room.settings, cookie) is None


def test_an_unknown_person_is_not_found(room):
    with room.read() as conn:
        with pytest.raises(NotFound, match="Nobody here has the address"):
            people.by_email(conn, room.settings, "x@example.com")
        with pytest.raises(NotFound):
            people.by_id(conn, room.settings, 99)


@pytest.mark.parametrize("typed", ["", "\0", "a\0@b.com", "\udce9", "x" * 100_000])
def test_whatever_is_typed_to_sign_in_is_looked_for_and_not_found(room, typed):
    room.add()
    with room.read() as conn:
        assert people.credentials(conn, typed) is None


def test_the_list_tells_who_was_never_seen_and_ends_with_the_disabled(room):
    room.add(email="root@example.com", name="zoe", role="admin")
    ana, ben = room.add(name="Ana"), room.add(email="ben@example.com", name="Ben", stored="")
    with room.write() as conn:
        commands.disable(conn, ana)
        sessions.start(conn, ben.id)
    with room.read() as conn:
        listed = people.listing(conn, room.settings)
    assert [(m.person.name, m.is_disabled, m.is_invited, m.last_seen is None) for m in listed] == [
        ("Ben", False, True, False),
        ("zoe", False, False, True),
        ("Ana", True, False, True),
    ]
