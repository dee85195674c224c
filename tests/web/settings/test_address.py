"""Links begin with the address of the settings, never with the Host of a request."""

import re

import pytest
from fastapi.testclient import TestClient

from tests.web.settings_pages import part, set_up, settings_of
from webapp.accounts import public_url
from webapp.installation import Installation

EVIL = {"Host": "evil.example", "Origin": "http://evil.example"}
BEN = {"email": "ben@example.com", "name": "Ben Ito", "role": "staff"}


def save(admin: TestClient, address: str) -> None:
    answer = admin.post("/settings/address", data={"address": address})
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings#address")


def invited(admin: TestClient, **headers: str) -> str:
    return re.search(r'id="link" value="([^"]+)/invite/', admin.post("/people", data=BEN, headers=headers).text)[1]


def test_the_address_can_be_changed_and_links_follow(admin: TestClient, program: TestClient):
    assert "Only this computer can open it" in part(settings_of(admin), "address-title").text
    save(admin, " outtray.office:9000 ")
    section = part(settings_of(admin), "address-title")
    assert section.one("input", id="address")["value"] == "http://outtray.office:9000"
    assert "Only this computer" not in section.text
    assert invited(admin) == "http://outtray.office:9000"
    task = program.post("/send-notification/ana@example.com").json()["task"]
    assert task["url"] == f"http://outtray.office:9000/tasks/{task['id']}"


def test_no_link_begins_with_the_host_of_a_request(admin: TestClient, program: TestClient):
    assert invited(admin, **EVIL) == "http://localhost:8000"
    task = program.post("/send-notification/ana@example.com", headers=EVIL).json()["task"]
    assert task["url"].startswith("http://localhost:8000/")
    for path in ("/tasks/", "/login", "/nowhere", "/settings"):
        answer = admin.get(path, headers=EVIL)
        assert "evil.example" not in answer.text + str(answer.headers)


@pytest.mark.parametrize("typed", ["", "ftp://a.example", "http://", "http://a b", "http://user@a.example", "x" * 400])
def test_what_is_no_address_is_refused_beside_its_field(admin: TestClient, typed: str):
    answer = admin.post("/settings/address", data={"address": typed})
    assert answer.status_code == 422
    assert 'id="address-error"' in answer.text
    assert "Write an address such as" in answer.text


def test_the_environment_fixes_it(admin: TestClient, installation: Installation):
    set_up(installation, base_url="https://outtray.example.com")
    section = part(settings_of(admin), "address-title")
    assert "Set by OUTTRAY_BASE_URL on the server." in section.text
    assert not section.all("input")
    assert admin.post("/settings/address", data={"address": "http://other.example"}).status_code == 409
    with installation.read() as conn:
        assert public_url.of(conn, installation.settings) == "https://outtray.example.com"


def test_it_is_for_admins(signed_in: TestClient):
    assert signed_in.post("/settings/address", data={"address": "http://a.example"}).status_code == 403
