"""Saved lists: made, brought up to date, downloaded, removed; each seen by its owner only."""

import pytest

from tests.html import read
from webapp.files import saved_tables
from webapp.maintenance.retention import clean

PEOPLE = b"Mail,Name\nana@example.com,Ana\nben@example.com,Ben\n"


def post(browser, path: str = "/lists", file: bytes = b"", **typed: str):
    return browser.post(path, data=typed, files={"file": ("people.csv", file)} if file else None)


def said(browser, answer) -> str:
    assert answer.status_code == 303, answer.text
    return read(browser.get(answer.headers["location"]).text).one(id="status").text


def known(installation, person) -> list:
    with installation.read() as conn:
        return saved_tables.listing(conn, installation.store, person)


def test_a_list_is_made_updated_and_written_to(signed_in, installation, ana):
    assert said(signed_in, post(signed_in, file=PEOPLE, name="People")) == "The list “People” is kept."
    (one,) = known(installation, ana)
    new = b"E-Mail;Name;Town\nBEN@example.com;Benedict;Rome\ncleo@example.com;Cleo;Bonn\nx@;;\n"
    words = said(signed_in, post(signed_in, f"/lists/{one.id}", new))
    assert words == "1 person added, 1 changed, 0 removed. Without a valid address, so left out: Row 4: x@."
    (now,) = known(installation, ana)
    assert (now.id, now.table.schema.rows) == (one.id, 3)
    form = read(signed_in.get(f"/new/email?recipients={now.table.id}").text)
    assert "people.csv: 3 rows, addresses in Mail" in form.one(id="choose-list").text
    downloaded = signed_in.get(f"/lists/{one.id}/download")
    assert downloaded.content.decode("utf-8-sig").splitlines()[2] == "BEN@example.com,Benedict,Rome"
    assert "people.csv" in downloaded.headers["content-disposition"]


def test_who_is_not_in_the_file_goes_where_that_is_ticked(signed_in, installation, ana):
    post(signed_in, file=PEOPLE, name="People")
    (one,) = known(installation, ana)
    words = said(signed_in, post(signed_in, f"/lists/{one.id}", b"Mail\nben@example.com\n", only_new="on"))
    assert words == "0 people added, 0 changed, 1 removed."


@pytest.mark.parametrize(
    ("name", "file", "field", "words"),
    [
        ("", PEOPLE, "name", "Give it a name."),
        ("x" * 101, PEOPLE, "name", "The name has more than 100 characters."),
        ("People", b"", "file", "Choose a file."),
        ("People", b"Name,Town\nAna,Rome\n", "file", "This list has no column of addresses."),
        ("People", b"%PDF-1.7 not a table", "file", "not a table"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_the_name_stays(
    signed_in, installation, ana, name, file, field, words
):
    answer = post(signed_in, file=file, name=name)
    page = read(answer.text)
    assert answer.status_code == 422
    assert words in page.one(id=f"{field}-error").text
    assert page.one("input", id="name")["value"] == name
    assert known(installation, ana) == []


def test_a_name_is_given_once(signed_in):
    post(signed_in, file=PEOPLE, name="People")
    answer = post(signed_in, file=PEOPLE, name="People")
    assert "There is one of this name already." in read(answer.text).one(id="name-error").text


def test_an_update_that_is_refused_leaves_the_list_as_it_was(signed_in, installation, ana):
    post(signed_in, file=PEOPLE, name="People")
    (one,) = known(installation, ana)
    answer = post(signed_in, f"/lists/{one.id}", b"Name\nAna\nBen\n")
    assert (answer.status_code, known(installation, ana)) == (422, [one])


def test_removing_takes_only_the_name(signed_in, installation, ana):
    post(signed_in, file=PEOPLE, name="People")
    (one,) = known(installation, ana)
    assert said(signed_in, signed_in.post(f"/lists/{one.id}/remove")) == "The list “People” is removed."
    assert known(installation, ana) == []
    assert installation.form_context(ana).table(one.table.id).schema.rows == 2


def test_another_persons_list_is_not_there(signed_in, admin, installation, ana):
    post(signed_in, file=PEOPLE, name="People")
    (one,) = known(installation, ana)
    for path in (f"/lists/{one.id}", f"/lists/{one.id}/download"):
        assert admin.get(path).status_code == 404
    assert post(admin, f"/lists/{one.id}", PEOPLE).status_code == 404
    assert "People" not in read(admin.get("/lists").text).one("section").text


def test_a_list_outlives_the_time_that_uploads_are_kept(signed_in, installation, ana, monkeypatch):
    post(signed_in, file=PEOPLE, name="People")
    installation.settings = installation.settings.model_copy(update={"keep_files_days": -1})
    clean(installation)
    (one,) = known(installation, ana)
    assert one.table.typed.exists()
