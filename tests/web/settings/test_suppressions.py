"""Settings → Never write to: entering, finding, taking off, import and export."""

import pytest

from tests.html import read
from webapp.connections import suppressions
from webapp.web.http.multipart import MB

PATH = "/settings/never"


def addresses(installation) -> list[str]:
    with installation.read() as conn:
        return [one.address for one in suppressions.listing(conn, limit=1_000)]


def add(browser, typed: str = "", file: bytes = b"", name: str = "list.csv"):
    files = {"list": (name, file)} if file else None
    return browser.post(PATH, data={"addresses": typed}, files=files)


def test_it_says_what_to_do_while_it_is_empty(admin):
    assert "Nobody yet. Enter an address, or choose a list of them." in read(admin.get(PATH).text).one("main").text


def test_addresses_are_entered_once(admin, installation):
    assert add(admin, "ana@example.com, Ben <ben@example.com>").headers["location"] == PATH
    assert "1 address added. 1 was there already." in _said(admin, add(admin, "ANA@example.com; cleo@example.com"))
    assert addresses(installation) == ["ana@example.com", "ben@example.com", "cleo@example.com"]
    page = read(admin.get(PATH).text)
    assert page.one(id="unwanted").text == "3 addresses"
    assert "3 addresses" in read(admin.get("/settings").text).one("main").text


def _said(browser, answer) -> str:
    return read(browser.get(answer.headers["location"]).text).one(id="status").text


@pytest.mark.parametrize(
    ("file", "found"),
    [
        (b"Name,E-mail\nAna,ana@example.com\nBen,ben@example.com\n", ["ana@example.com", "ben@example.com"]),
        (b"ana@example.com\nben@example.com\n", ["ana@example.com", "ben@example.com"]),
        (b"E-mail;Name\nana@example.com;A\n;B\nana@example.com;C\n", ["ana@example.com"]),
    ],
)
def test_a_list_is_imported(admin, installation, file, found):
    assert add(admin, file=file).status_code == 303
    assert addresses(installation) == found


@pytest.mark.parametrize(
    ("typed", "file", "field", "words"),
    [
        ("", b"", "addresses", "Give an address, or choose a list."),
        ("ana@example.com, ben@", b"", "addresses", "“ben@” has nothing after the @."),
        ("", b"Name,Town\nAna,Rome\n", "list", "No column of this list holds addresses. Its columns are Name, Town."),
        ("ok@example.com", b"Mail\nana@\n", "list", "Row 2: “ana@” has nothing after the @."),
        ("", b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "list", "is an image"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_entered(admin, installation, typed, file, field, words):
    answer = add(admin, typed, file)
    page = read(answer.text)
    assert (answer.status_code, addresses(installation)) == (422, [])
    assert words in page.one(id=f"{field}-error").text
    assert page.one("textarea").text.strip() == typed


def test_a_file_over_the_limit_is_refused(admin, installation):
    installation.settings = installation.settings.model_copy(update={"max_upload_mb": 1})
    assert add(admin, file=b"x" * (MB + 1)).status_code == 413


def test_what_is_downloaded_can_be_imported(admin, installation):
    add(admin, 'ana@example.com, "o\'neil, b"@example.com, =1+1@example.com')
    before = addresses(installation)
    exported = admin.get(f"{PATH}/never-write-to.csv").content
    for address in before:
        assert "may be written to again" in _said(admin, admin.post(f"{PATH}/remove", data={"key": address}))
    assert addresses(installation) == []
    add(admin, file=exported)
    assert addresses(installation) == before


def test_a_long_list_is_read_by_pages_and_searched(admin, installation):
    add(admin, ", ".join(f"p{number:03}@example.com" for number in range(120)))
    page, seen = read(admin.get(PATH).text), []
    while True:
        seen += [one.one("b").text for one in page.all("li", class_="entry")]
        following = [link for link in page.all("a") if link.text == "Next"]
        if not following:
            break
        page = read(admin.get(following[0]["href"]).text)
    assert seen == [f"p{number:03}@example.com" for number in range(120)]
    found = read(admin.get(PATH, params={"q": "P07"}).text)
    assert len(found.all("li", class_="entry")) == 10
    assert "No address here matches “zoe”." in read(admin.get(PATH, params={"q": "zoe"}).text).one("main").text


def test_it_is_for_admins(signed_in):
    assert signed_in.get(PATH).status_code == 403
    assert signed_in.post(f"{PATH}/remove", data={"key": "a@example.com"}).status_code == 403
