"""The link of an email: looking at it changes nothing, the second step does, and a mistake can be mended."""

import pytest

from tests.html import read
from webapp.connections import suppressions
from webapp.web.email.unsubscribe import BROKEN

ANA = "ana.maría+news@example.com"


@pytest.fixture
def link(installation) -> str:
    return f"/unsubscribe/{installation.unsubscribe.token(7, ANA)}"


def unwanted(installation) -> list[tuple[str, str, int | None]]:
    with installation.read() as conn:
        return [(one.address, one.source, one.task) for one in suppressions.listing(conn)]


def test_looking_at_the_link_unsubscribes_nobody(client, installation, link):
    for method in ("GET", "HEAD"):
        assert client.request(method, link).status_code == 200
    assert client.post(link, data={}).status_code == 200
    page = read(client.get(link).text)
    assert page.one("h1").text == "Get no more of these emails?"
    assert ANA in page.one("main").text
    assert page.one("main").one("button").text == "Unsubscribe"
    assert unwanted(installation) == []


def test_the_second_step_does_once_and_for_all(client, installation, link):
    for _ in range(2):
        page = read(client.post(link, data={"step": "2"}).text)
        assert page.one("h1").text == "You get no more of these emails"
    assert unwanted(installation) == [(ANA, "unsubscribed", 7)]


def test_a_mail_program_does_it_with_one_request(installation, client, link):
    """RFC 8058, 3.1: no cookie, no Origin, and a body that says so."""
    del client.headers["Origin"], client.headers["Sec-Fetch-Site"]
    answer = client.post(link, data={"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, unwanted(installation)) == (200, [(ANA, "unsubscribed", 7)])


def test_a_mistake_can_be_mended(client, installation, link):
    client.post(link, data={"step": "2"})
    page = read(client.post(f"{link}/undo", data={"step": "2"}).text)
    assert page.one("h1").text == "Get no more of these emails?"
    assert unwanted(installation) == []


def test_what_an_admin_entered_is_not_taken_back_by_a_link(client, installation, link):
    with installation.write() as conn:
        suppressions.add(conn, [ANA], "added")
    client.post(f"{link}/undo", data={"step": "2"})
    assert unwanted(installation) == [(ANA, "added", None)]


@pytest.mark.parametrize("change", [lambda link: link[:-3], lambda link: link + "A", lambda link: "/unsubscribe/é.x"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_that_is_not_whole_says_so(client, installation, link, change, method):
    answer = client.request(method, change(link), data={"step": "2"} if method == "POST" else None)
    assert (answer.status_code, unwanted(installation)) == (404, [])
    assert read(answer.text).one(id="form-error").text == BROKEN


def test_a_link_for_one_address_does_not_fit_another(client, installation, link):
    _, proof = link.rpartition("/")[2].split(".")
    said, _ = installation.unsubscribe.token(7, "ben@example.com").split(".")
    assert client.post(f"/unsubscribe/{said}.{proof}", data={"step": "2"}).status_code == 404
    assert unwanted(installation) == []
