"""The set-up of the first admin, through the one-time link."""

import pytest
from sqlalchemy import select

from tests.factories import PASSWORD, make_person
from webapp.accounts import links, people, public_url
from webapp.audit import trail
from webapp.db import schema

GOOD = {
    "name": "Rut Admin",
    "email": "Root@Example.com",
    "password": PASSWORD,
    "zone": "Europe/Madrid",
    "address": "http://office.local:8000/",
}
USED = "This link was used or is too old. Restart Outtray for a new one."


@pytest.fixture
def path(installation):
    with installation.write() as conn:
        return f"/setup/{links.new_setup(conn)}"


def test_without_the_link_there_is_only_the_way_to_it(client):
    page = client.get("/setup").text
    assert "Open the link that was printed at the start. In a container: <code>docker compose logs</code>." in page
    assert "<form" not in page


def test_a_wrong_link_says_so(client):
    answer = client.get("/setup/wrong")
    assert answer.status_code == 410
    assert USED in answer.text
    assert client.post("/setup/wrong", data=GOOD).status_code == 410


def test_the_form_asks_for_five_things_and_begins_with_the_name(client, path):
    page = client.get(path).text
    for label in ("Name", "Email", "Password", "Time zone", "Address that colleagues open"):
        assert f">{label}</label>" in page
    assert ">Create admin</button>" in page
    assert page.count("autofocus") == 1
    assert "autofocus" in page[page.index('<input id="name"') :].split(">")[0]


def test_a_local_address_only_warns(client, path):
    client.base_url = "http://localhost:8000"
    page = client.get(path).text
    assert "Only this computer can open http://localhost:8000" in page
    client.base_url = "http://192.0.2.7:8000"
    assert "Only this computer" not in client.get(path).text
    answer = client.post(path, data={**GOOD, "address": "http://localhost:8000"})
    assert answer.status_code == 303


def test_the_first_admin_is_made_and_signed_in(client, path, installation):
    answer = client.post(path, data=GOOD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/?first=1")
    assert client.get("/people").status_code == 200
    with installation.read() as conn:
        root = people.by_email(conn, installation.settings, "root@example.com")
        assert (root.name, root.role, root.zone.key) == ("Rut Admin", "admin", "Europe/Madrid")
        assert public_url.known(conn, installation.settings) == "http://office.local:8000"
        assert [(one.who, one.action) for one in trail.listing(conn)] == [
            ("Rut Admin <root@example.com>", "signed in"),
            ("Rut Admin <root@example.com>", "set Outtray up"),
        ]


def test_the_link_works_once(client, path):
    client.post(path, data=GOOD)
    client.cookies.clear()
    for answer in (client.get(path), client.post(path, data={**GOOD, "email": "second@example.com"})):
        assert answer.status_code == 410
        assert USED in answer.text
    assert client.get("/setup").headers["location"] == "/login"


def test_the_link_ends_when_an_admin_comes_from_elsewhere(client, path, installation):
    with installation.write() as conn:
        make_person(conn, installation.settings, "cli@example.com", role="admin")
    assert client.get(path).status_code == 410
    assert client.post(path, data=GOOD).status_code == 410
    with installation.read() as conn:
        assert len(conn.execute(select(schema.person)).all()) == 1


def test_several_wrong_fields_are_summed_up_and_nothing_typed_is_lost(client, path):
    answer = client.post(path, data={**GOOD, "name": " ", "email": "root@example", "password": "short"})
    assert answer.status_code == 422
    page = answer.text
    assert "3 things to correct" in page
    assert page.count('aria-invalid="true"') == 3
    for field, words in (
        ("name", "Write your name."),
        ("email", "“root@example” has no ending such as .com."),
        ("password", "Choose a password of 10 characters or more."),
    ):
        assert page.count(words) == 1
        assert f'id="{field}-error"' in page
    assert page.count("autofocus") == 1
    assert 'value="http://office.local:8000/"' in page
    assert '<option value="Europe/Madrid" selected>' in page
    assert "short" not in page


def test_one_wrong_field_has_the_focus(client, path):
    page = client.post(path, data={**GOOD, "email": "root@example"}).text
    assert page.count("autofocus") == 1
    assert "autofocus" in page[page.index('<input id="email"') :].split(">")[0]


def test_a_refused_form_leaves_the_link_working(client, path):
    client.post(path, data={**GOOD, "name": ""})
    assert client.post(path, data=GOOD).status_code == 303


def test_an_address_that_is_taken_leaves_the_link_working(client, path, installation):
    with installation.write() as conn:
        make_person(conn, installation.settings, "root@example.com")
    answer = client.post(path, data=GOOD)
    assert answer.status_code == 422
    assert "root@example.com is here already." in answer.text
    assert client.post(path, data={**GOOD, "email": "other@example.com"}).status_code == 303


@pytest.mark.parametrize(
    "typed", ["", "ftp://x", "http://", "http://a b", "http://user:pw@x", "http://x:99999", "http://["]
)
def test_an_address_that_cannot_be_opened_is_refused(client, path, typed):
    answer = client.post(path, data={**GOOD, "address": typed})
    assert answer.status_code == 422
    assert "Write an address such as http://outtray.office:8000." in answer.text


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("office:8000", "http://office:8000"),
        ("https://Office.example/x?y", "https://office.example"),
        ("http://[fd00::1]:8000", "http://[fd00::1]:8000"),
    ],
)
def test_an_address_is_kept_without_what_it_does_not_need(client, path, installation, typed, kept):
    assert client.post(path, data={**GOOD, "address": typed}).status_code == 303
    with installation.read() as conn:
        assert public_url.known(conn, installation.settings) == kept


def test_an_address_of_the_environment_is_shown_and_not_asked_for(client, path, installation):
    installation.settings = installation.settings.model_copy(update={"base_url": "http://outtray.office"})
    page = client.get(path).text
    assert "Set by OUTTRAY_BASE_URL on the server." in page
    assert 'name="address"' not in page
    client.post(path, data={**GOOD, "address": "http://elsewhere"})
    with installation.read() as conn:
        assert public_url.known(conn, installation.settings) == "http://outtray.office"


def test_html_in_a_name_is_text(client, path):
    client.post(path, data={**GOOD, "name": "<script>alert(1)</script>"})
    page = client.get("/account").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
