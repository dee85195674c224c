"""People for admins, and the page behind an invitation."""

import re

import pytest
from sqlalchemy import select, update

from tests.factories import PASSWORD, make_person
from tests.html import read
from webapp.accounts import people
from webapp.audit import trail as trails
from webapp.clock import now
from webapp.db import schema

BEN = {"email": "Ben@Example.com", "name": "Ben Ito", "role": "staff"}
JOIN = {"name": "Ben Ito", "password": "another good password", "zone": "Asia/Tokyo"}
USED = "This link was used or is too old. Ask an admin for a new one."

ROOT = "Rut Admin <root@example.com>"


def link_in(page):
    return re.search(r'id="link" value="http://localhost:8000(/invite/[^"]+)"', page)[1]


def ids(installation):
    with installation.read() as conn:
        return {row.email: row.id for row in conn.execute(select(schema.person))}


@pytest.fixture
def invited(admin):
    return link_in(admin.post("/people", data=BEN).text)


@pytest.fixture
def ben(installation):
    with installation.write() as conn:
        return make_person(conn, installation.settings, "ben@example.com", "Ben Ito")


def test_alone_one_is_told_so(admin, ana, installation):
    assert "Only you so far." not in admin.get("/people").text
    with installation.write() as conn:
        conn.execute(schema.person.delete().where(schema.person.c.id == ana.id))
    assert "Only you so far." in admin.get("/people").text


def test_an_invitation_shows_a_link_that_works_once_until_a_day(admin):
    answer = admin.post("/people", data=BEN)
    assert answer.status_code == 200
    assert re.search(r"works once, until \d+ [A-Z][a-z][a-z] \d{4}", answer.text)
    field = re.search(r'<input id="link"[^>]*>', answer.text)[0]
    assert "readonly" in field
    assert "autofocus" in field
    assert "Copy link</button>" in answer.text
    assert "ben@example.com" in admin.get("/people").text
    assert "/invite/" not in admin.get("/people").text


@pytest.mark.parametrize("typed", ["\u0430na@example.com", "ana@example\u202emoc.com", "an\u200ba@example.com"])
def test_an_address_that_could_pass_for_another_is_refused_beside_its_field(admin, installation, typed):
    before = ids(installation)
    answer = admin.post("/people", data={**BEN, "email": typed})
    page = read(answer.text)
    assert answer.status_code == 422
    assert page.one(id="email-error").text
    assert ids(installation) == before


def test_an_invited_person_chooses_a_password_and_is_signed_in(client, invited, installation):
    page = client.get(invited).text
    assert "You sign in with ben@example.com." in page
    answer = client.post(invited, data=JOIN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "Ben Ito" in client.get("/account").text
    with installation.read() as conn:
        assert people.by_email(conn, installation.settings, "ben@example.com").zone.key == "Asia/Tokyo"
    client.cookies.clear()
    given = {"email": "ben@example.com", "password": JOIN["password"]}
    assert client.post("/login", data=given).status_code == 303


def test_looking_at_an_invitation_does_not_use_it_up(client, invited):
    for _ in range(3):
        assert client.get(invited).status_code == 200
    assert client.head(invited).status_code in (200, 405)
    assert client.post(invited, data=JOIN).status_code == 303


def test_an_invitation_works_once(client, invited, installation):
    client.post(invited, data=JOIN)
    client.cookies.clear()
    for answer in (client.get(invited), client.post(invited, data={**JOIN, "password": "taken over by x"})):
        assert answer.status_code == 410
        assert USED in answer.text
    assert "set-cookie" not in answer.headers


def test_an_invitation_ends_after_its_day(client, invited, installation):
    with installation.write() as conn:
        conn.execute(update(schema.link).values(expires=now()))
    assert client.get(invited).status_code == 410
    assert client.post(invited, data=JOIN).status_code == 410


def test_a_weak_password_is_refused_and_the_invitation_still_works(client, invited):
    answer = client.post(invited, data={**JOIN, "password": "short", "zone": "Nowhere"})
    assert answer.status_code == 422
    assert "2 things to correct" in answer.text
    assert client.post(invited, data=JOIN).status_code == 303


def test_a_new_link_is_for_people_who_forgot_the_password(admin, client, ben, installation):
    client.post("/login", data={"email": "ben@example.com", "password": PASSWORD})
    old = dict(client.cookies)
    link = link_in(admin.post(f"/people/{ben.id}/link").text)
    client.cookies.clear()
    assert client.post(link, data=JOIN).status_code == 303
    client.cookies = old
    assert client.get("/account").status_code == 303
    client.cookies.clear()
    assert client.post("/login", data={"email": "ben@example.com", "password": PASSWORD}).status_code == 422


@pytest.mark.parametrize("typed", ["ben@example.com", "BEN@EXAMPLE.COM"])
def test_somebody_who_is_here_is_not_invited_again(admin, ben, typed):
    answer = admin.post("/people", data={**BEN, "email": typed})
    assert answer.status_code == 422
    assert answer.text.count("ben@example.com is here already.") == 1
    assert "/invite/" not in answer.text


def test_every_wrong_field_is_named(admin, installation):
    answer = admin.post("/people", data={"email": "x", "name": "y" * 101, "role": "owner"})
    assert answer.status_code == 422
    assert "3 things to correct" in answer.text
    assert len(ids(installation)) == 1


def test_html_in_a_name_is_text(admin):
    page = admin.post("/people", data={**BEN, "name": "<b onclick=x>Ben"}).text
    assert "<b onclick" not in page
    assert "&lt;b onclick=x&gt;Ben" in page


def test_a_disabled_person_is_out_and_can_be_let_in_again(admin, client, ben):
    client.post("/login", data={"email": "ben@example.com", "password": PASSWORD})
    assert client.get("/account").status_code == 200
    answer = admin.post(f"/people/{ben.id}/disable")
    assert (answer.status_code, answer.headers["location"]) == (303, "/people")
    assert client.get("/account").status_code == 303
    page = admin.get("/people").text
    assert "Ben Ito is signed out everywhere and cannot sign in." in page
    assert ">Enable</button>" in page
    admin.post(f"/people/{ben.id}/enable")
    assert client.post("/login", data={"email": "ben@example.com", "password": PASSWORD}).status_code == 303


def test_a_disabled_person_gets_no_link(admin, ben):
    admin.post(f"/people/{ben.id}/disable")
    answer = admin.post(f"/people/{ben.id}/link")
    assert answer.status_code == 409
    assert "/invite/" not in answer.text


def test_a_role_can_be_given_and_taken(admin, ben, installation):
    for role in ("admin", "staff"):
        assert admin.post(f"/people/{ben.id}/role", data={"role": role}).status_code == 303
        with installation.read() as conn:
            assert people.by_id(conn, installation.settings, ben.id).role == role
    assert admin.post(f"/people/{ben.id}/role", data={"role": "owner"}).status_code == 422


@pytest.mark.parametrize("action", ["disable", "role"])
def test_nobody_shuts_themselves_out(admin, root, installation, action):
    answer = admin.post(f"/people/{root.id}/{action}", data={"role": "staff"})
    assert answer.status_code == 409
    assert "This is your own account." in answer.text
    assert admin.get("/people").status_code == 200


def test_what_admins_do_is_in_the_audit_trail(admin, ben, installation):
    admin.post("/people", data={**BEN, "email": "cleo@example.com"})
    admin.post(f"/people/{ben.id}/role", data={"role": "admin"})
    admin.post(f"/people/{ben.id}/disable")
    with installation.read() as conn:
        trail = [(entry.who, entry.action, entry.subject, entry.details) for entry in trails.listing(conn)]
    assert trail == [
        (ROOT, "disabled", "ben@example.com", ""),
        (ROOT, "changed the role of", "ben@example.com", "role: staff → admin"),
        (ROOT, "invited", "cleo@example.com", "role: staff"),
    ]


@pytest.mark.parametrize(
    "path", ["/people", "/people/1/link", "/people/1/role", "/people/1/disable", "/people/1/enable"]
)
def test_staff_can_do_none_of_it(signed_in, installation, root, path):
    before = ids(installation)
    assert signed_in.post(path, data={**BEN, "role": "admin"}).status_code == 403
    assert ids(installation) == before
    with installation.read() as conn:
        assert trails.listing(conn) == []


@pytest.mark.parametrize("path", ["/people/99/disable", "/people/99999999999999999999/disable", "/people/x/disable"])
def test_nobody_of_that_number_is_not_found(admin, path):
    assert admin.post(path).status_code == 404
