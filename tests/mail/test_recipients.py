"""What people paste, and what they are told about it."""

import pytest
from email_validator import validate_email
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from webapp.mail.recipients import (
    MOST_NAMED,
    PLAIN,
    RESERVED,
    needs_utf8,
    normal_form,
    one_address,
    read_addresses,
    wire_form,
)

ANA, BEN, CAY = "ana@example.com", "ben@example.com", "cay@example.org"


@pytest.mark.parametrize(
    "text",
    [
        f"{ANA}, {BEN}; {CAY}",
        f"{ANA}\n{BEN}\r\n{CAY}\n",
        f"{ANA} {BEN} {CAY}",
        f"{ANA}\t{BEN}|{CAY}",
        f"  ,, {ANA} ;;\n\n ; {BEN},{CAY} ,",
        f"Ana <{ANA}>, Ben <{BEN}>; Cay <{CAY}>",
        f'"Ruiz, Ana" <{ANA}>, Lopez, Ben <{BEN}>\n"a@b, c" <{CAY}>',
        f"{ANA}, Ben <{BEN}> Cay <{CAY}>",
        f"'{ANA}' <{ANA}>\n<{BEN}>\nmailto:{CAY}",
        f"\u202a{ANA}\u202c,\u200b{BEN}\xa0{CAY}\ufeff",
    ],
)
def test_any_separators_and_names_are_understood(text):
    assert read_addresses(text) == [ANA, BEN, CAY]


def test_nothing_but_separators_is_no_address():
    assert read_addresses(" ,;\n\t") == []


def test_each_mailbox_comes_once_in_the_order_given():
    pasted = [BEN, ANA, "Ben@Example.COM", "x@müller.de", "X@xn--mller-kva.de"]
    assert read_addresses(pasted) == [BEN, ANA, "x@müller.de"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("bob@example", "“bob@example” has no ending such as .com."),
        ("bob@10.0.0.1", "“bob@10.0.0.1” has no ending such as .com."),
        ("bob", "“bob” has no @."),
        ("Bob <bob>", "“bob” has no @."),
        ("Ana Ruiz", "“Ana Ruiz” has no @."),
        ("bob@@example.com", "“bob@@example.com” has more than one @."),
        ("ana ruiz@example.com", "“ana ruiz@example.com” has a space inside."),
        ("@example.com", "“@example.com” has nothing before the @."),
        ("bob@", "“bob@” has nothing after the @."),
        ("bob..x@example.com", "“bob..x@example.com” has two dots in a row."),
        ("bob@example.com.", "“bob@example.com.” ends with a dot."),
        (".bob@example.com", "“.bob@example.com” has a dot beside the @ or in front."),
        ("b" * 65 + "@example.com", "“" + "b" * 65 + "@example.com” is too long for an address."),
        ("bob@exa_mple!.com", "“bob@exa_mple!.com” is not an email address."),
        ("bo(b@example.com", "“bo(b@example.com” is not an email address."),
        ("<script>@example.com", "“@example.com” has nothing before the @."),
    ],
)
def test_what_is_wrong_with_an_address_is_said_plainly(text, words):
    with pytest.raises(ValueError, match="“") as raised:
        read_addresses(text)
    assert words in str(raised.value)


def test_the_first_wrong_ones_are_named_and_the_others_counted():
    with pytest.raises(ValueError, match="no @") as raised:
        read_addresses("\n".join([ANA, *(f"bad{number}" for number in range(12))]))
    assert str(raised.value).count("has no @.") == MOST_NAMED
    assert str(raised.value).endswith("7 more are wrong too.")


@pytest.mark.parametrize("evil", ["\r\nBcc: x@example.com", "\n", "\r", "\0", "\x1b[2J", "\x85", "\x7f"])
@pytest.mark.parametrize(
    "place", ["bob@example.com{}", "bob{}@example.com", "{}bob@example.com", "B{}ob <bob@example.com>"]
)
def test_a_line_break_or_control_character_in_an_entry_is_refused(evil, place):
    with pytest.raises(ValueError, match="invisible character"):
        read_addresses([place.format(evil)])


def test_a_list_entry_is_one_address():
    assert read_addresses([f"Ana <{ANA}>"]) == [ANA]
    with pytest.raises(ValueError, match="more than one @"):
        read_addresses([f"{ANA}, {BEN}"])


def test_names_with_letters_of_all_kinds_are_kept_and_go_over_the_wire_in_ascii_where_possible():
    assert one_address("josé@Müller.DE") == "josé@müller.de"
    assert wire_form("ana@müller.de") == "ana@xn--mller-kva.de"
    assert needs_utf8(ANA, "josé@example.com")
    assert not needs_utf8(ANA, "ana@müller.de")


def test_a_name_of_an_office_network_is_an_address():
    assert one_address("ana@mail.local") == "ana@mail.local"


def test_mail_systems_take_no_notice_of_case():
    assert normal_form("Ana@Example.com") == normal_form("ana@example.COM")
    assert normal_form("ana@example.com") != normal_form("ana@example.org")


@settings(deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.text("aZ09_+'-.", min_size=1, max_size=70), st.lists(st.text("aZ09-", min_size=1, max_size=64), min_size=1))
def test_the_short_way_takes_nothing_that_the_long_way_refuses_or_changes(local, domain):
    text = f"{local}@{'.'.join(domain)}.com"
    assume(PLAIN.fullmatch(text))
    found = validate_email(text, check_deliverability=False, allow_quoted_local=True)
    assert one_address(text) == found.normalized


@pytest.mark.parametrize("ending", RESERVED)
def test_a_name_that_never_takes_mail_is_refused(ending):
    with pytest.raises(ValueError, match="is not an email address"):
        one_address(f"ana@example{ending}")


@settings(deadline=None)
@given(st.text(max_size=80))
def test_whatever_is_pasted_gives_addresses_that_are_read_back_the_same_or_plain_words(text):
    try:
        found = read_addresses(text)
    except ValueError as error:
        found, words = [], str(error)
    else:
        words = "“”"
    assert "“" in words
    assert read_addresses(found) == found
    assert all(address.isprintable() and "@" in address for address in found)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([ANA, BEN, CAY, f"Ana <{ANA}>", f'"a,b@c" <{CAY}>', "zoë@example.com"]), min_size=1),
    st.sampled_from(",;\n\t|"),
)
def test_no_address_is_lost_between_others(entries, separator):
    assert read_addresses(separator.join(entries)) == read_addresses(entries)


def test_two_addresses_with_nothing_between_them_but_a_name_are_not_guessed_at():
    for text in (f"{BEN} Ana <{ANA}>", f"{BEN} <{ANA}>"):
        with pytest.raises(ValueError, match="holds two addresses"):
            read_addresses(text)


@pytest.mark.parametrize("part", ["a,", '"', '"\\', "<", "a <", "a@b,", "> ", "\\", '"a" ,'])
def test_a_long_text_without_addresses_is_refused_quickly(part):
    with pytest.raises(ValueError, match="“"):
        read_addresses(part * (90_000 // len(part)))
