"""Signing in and out, over HTTP."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.factories import PASSWORD, make_person
from webapp.accounts import commands, throttle
from webapp.clock import now
from webapp.db import schema
from webapp.web.account.login import WRONG
from webapp.web.http.cookies import COOKIE


def sign_in(client, email="ana@example.com", password=PASSWORD, **more):
    return client.post("/login", data={"email": email, "password": password, **more})


@pytest.fixture(autouse=True)
def _admin_is_there(root):
    """Without an admin there is only the set-up."""


def test_the_right_password_opens_home(client, ana):
    answer = sign_in(client)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "Ana Ruiz" in client.get("/").text


def test_the_cookie_cannot_be_read_by_scripts_nor_sent_by_other_sites(client, ana):
    cookie = sign_in(client).headers["set-cookie"].lower()
    assert cookie.startswith(f"{COOKIE}=")
    assert {"httponly", "samesite=lax", "path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "secure" not in cookie


def test_under_https_the_cookie_is_bound_to_the_host(client, ana):
    client.base_url, client.headers["Origin"] = "https://testserver", "https://testserver"
    cookie = sign_in(client).headers["set-cookie"]
    assert cookie.startswith("__Host-outtray=")
    assert "secure" in cookie.lower()
    assert client.get("/").status_code == 200
    client.cookies = {COOKIE: cookie.split("=")[1].split(";")[0]}  # the plain name counts for nothing under https
    assert client.get("/").headers["location"] == "/login"


@pytest.mark.parametrize("email", ["ANA@Example.com", "  ana@example.com "])
def test_an_address_may_be_typed_in_capitals(client, ana, email):
    assert sign_in(client, email).status_code == 303


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ana@example.com", "wrong password"),
        ("nobody@example.com", PASSWORD),
        ("", ""),
        ("ana@example.com", ""),
        ("ana@example.com\0", PASSWORD),
        ("x" * 7_000, "y" * 7_000),
    ],
)
def test_whatever_is_wrong_the_words_are_the_same(client, ana, email, password):
    answer = sign_in(client, email, password)
    assert answer.status_code == 422
    assert answer.text.count(WRONG) == 1
    assert "<title>Error: Sign in" in answer.text
    assert "set-cookie" not in answer.headers


def test_after_an_error_the_emptied_password_has_the_focus_and_says_why(client, ana):
    page = sign_in(client, password="wrong password").text
    field = page[page.index('<input id="password"') :].split(">")[0]
    assert "autofocus" in field
    assert 'aria-invalid="true"' in field
    assert 'aria-describedby="password-error"' in field
    assert page.count("autofocus") == 1
    assert "wrong password" not in page
    assert 'value="ana@example.com"' in page


def test_at_first_the_email_has_the_focus(client):
    page = client.get("/login").text
    assert page.count("autofocus") == 1
    assert "autofocus" in page[page.index('<input id="email"') :].split(">")[0]


def test_what_was_typed_is_shown_as_text(client):
    page = sign_in(client, '"><script>alert(1)</script>', "x").text
    assert "<script>alert" not in page


def test_after_five_wrong_tries_even_the_right_password_waits(client, ana):
    for _ in range(5):
        assert sign_in(client, password="wrong password").status_code == 422
    answer = sign_in(client)
    assert answer.status_code == 429
    assert "Too many tries. Try again in 40 seconds." in answer.text
    assert 1 <= int(answer.headers["retry-after"]) <= 40


def test_the_wait_is_still_there_after_a_restart_and_ends(client, ana, installation):
    with installation.write() as conn:
        for _ in range(5):
            throttle.take(conn, "ana@example.com", "testclient")
    assert sign_in(client).status_code == 429
    with installation.write() as conn:
        conn.execute(update(schema.login_failure).values(blocked_until=now() - timedelta(seconds=1)))
    assert sign_in(client).status_code == 303


def test_signing_in_forgets_the_typing_errors(client, ana, installation):
    for _ in range(4):
        sign_in(client, password="wrong password")
    sign_in(client)
    with installation.read() as conn:
        assert [row.count for row in conn.execute(select(schema.login_failure))] == [0]


def test_a_disabled_person_is_told_nothing_special(client, ana, installation):
    with installation.write() as conn:
        commands.disable(conn, ana)
    answer = sign_in(client)
    assert answer.status_code == 422
    assert WRONG in answer.text


def test_disabling_somebody_signs_them_out_at_once(signed_in, ana, installation):
    assert signed_in.get("/").status_code == 200
    with installation.write() as conn:
        commands.disable(conn, ana)
    assert signed_in.get("/").headers["location"] == "/login"


def test_a_page_is_shown_after_signing_in(client, ana):
    sent = client.get("/files?sort=name&q=a%20b").headers["location"]
    assert sent.startswith("/login?next=/files")
    page = client.get(sent).text
    path = page.split('name="next" value="')[1].split('"')[0].replace("&amp;", "&")
    assert path == "/files?sort=name&q=a%20b"
    assert sign_in(client, next=path).headers["location"] == path


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "",
        "files",
        "/login?next=/",
        "/logout",
    ],
)
def test_a_link_to_sign_in_never_leads_to_another_site(client, ana, path):
    assert sign_in(client, next=path).headers["location"] == "/"


def test_a_link_to_sign_in_never_leads_a_signed_in_person_to_another_site(signed_in):
    assert signed_in.get("/login", params={"next": "//evil.example"}).headers["location"] == "/"


def test_signing_out_ends_the_session_and_takes_the_cookie_away(signed_in, installation):
    kept = signed_in.cookies[COOKIE]
    answer = signed_in.post("/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert "Max-Age=0" in answer.headers["set-cookie"]
    signed_in.cookies = {COOKIE: kept}
    assert signed_in.get("/").headers["location"] == "/login"


def test_signing_out_twice_harms_nobody(client):
    assert client.post("/logout").status_code == 303


def test_signing_in_again_ends_the_earlier_session_of_this_browser(signed_in, installation):
    kept = signed_in.cookies[COOKIE]
    sign_in(signed_in)
    with installation.read() as conn:
        assert len(conn.execute(select(schema.session)).all()) == 1
    signed_in.cookies = {COOKIE: kept}
    assert signed_in.get("/").status_code == 303


def test_a_session_planted_before_signing_in_is_not_the_one_afterwards(client, ana):
    client.cookies = {COOKIE: "planted"}
    assert sign_in(client).cookies[COOKIE] != "planted"


def test_a_fragment_of_a_session_that_ended_is_refused_not_replaced(client):
    for answer in (
        client.get("/", headers={"HX-Request": "true"}),
        client.post("/account", headers={"HX-Request": "true"}),
    ):
        assert answer.status_code == 401
        assert "<" not in answer.text


def test_a_form_of_a_session_that_ended_leads_back_to_its_page(client):
    answer = client.post("/account", headers={"Referer": "http://testserver/account?x=1"})
    assert answer.headers["location"] == "/login?next=/account%3Fx%3D1"


def test_two_people_do_not_see_each_other(signed_in, installation):
    with installation.write() as conn:
        make_person(conn, installation.settings, "ben@example.com", "Ben Ito")
    assert "Ana Ruiz" in signed_in.get("/account").text
    sign_in(signed_in, "ben@example.com")
    page = signed_in.get("/account").text
    assert "Ben Ito" in page
    assert "Ana Ruiz" not in page
