"""Writing an email: the preview, a test to oneself, templates, attachments, a list kept under a name."""

import pytest
from sqlalchemy import select

from tests.html import Element, read
from webapp import ingest
from webapp.db import schema
from webapp.web.email.preview import EMPTY

LIST = b"Mail,Name,Since\nana@example.com,Ana,2026-11-03\nben@,Ben,2026-11-04\ncleo@example.com,Cleo,2026-11-05\n"
FORM = {"key": "k1", "subject": "Dear {{ name }}", "body": "Since **{{ since }}**"}


@pytest.fixture
def upload(installation, ana, tmp_path) -> str:
    path = tmp_path / "clients.csv"
    path.write_bytes(LIST)
    return ingest.receive(installation, ana, "clients.csv", path).id


def preview(browser, **typed: str) -> Element:
    answer = browser.post("/new/email/preview", data={**FORM, **typed}, headers={"HX-Request": "true"})
    assert answer.status_code == 200, answer.text
    return read(answer.text).one(id="preview")


def press(browser, intent: str, files=None, status: int = 200, **typed: str) -> Element:
    answer = browser.post("/new/email?press=1", data={**FORM, "intent": intent, **typed}, files=files)
    assert answer.status_code == status, answer.text
    return read(answer.text)


def tasks(installation) -> list:
    with installation.read() as conn:
        return conn.execute(select(schema.task).order_by(schema.task.c.id)).all()


def test_the_preview_shows_the_message_of_the_first_who_gets_it(signed_in, upload):
    pane = preview(signed_in, recipients=upload)
    assert "To ana@example.com, row 2" in pane.text
    assert "Dear Ana" in pane.text
    assert pane.one("strong").text == "3 November 2026"
    assert "Get no more of these emails" in pane.text


@pytest.mark.parametrize(
    ("wanted", "who"),
    [
        ({"row": "3"}, "cleo@example.com, row 4"),
        ({"row": "4", "step": "back"}, "ana@example.com, row 2"),
        ({"row": "2", "step": "back"}, "ana@example.com, row 2"),
        ({"row": "99"}, "cleo@example.com, row 4"),
        ({"who": "CLEO"}, "cleo@example.com, row 4"),
        ({"row": "x"}, "ana@example.com, row 2"),
    ],
)
def test_anybody_of_the_list_can_be_looked_at(signed_in, upload, wanted, who):
    assert f"To {who}" in preview(signed_in, recipients=upload, **wanted).text


def test_nobody_of_that_name_is_said(signed_in, upload):
    assert "Nobody in the list matches “Zoe”." in preview(signed_in, recipients=upload, who="Zoe").text


def test_dates_are_shown_as_they_will_be_written(signed_in, upload):
    assert preview(signed_in, recipients=upload, formats="dots Since").one("strong").text == "03.11.2026"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"subject": "", "body": ""}, EMPTY),
        ({"recipients": "u-nothing"}, "This list cannot be read any more."),
        ({"to": "bob@", "subject": "Hi\r\nBcc: x@example.com", "body": "Hi"}, "To ana@example.com"),
        ({"to": "bob@example.com, cleo@example.com", "body": "Hi"}, "To bob@example.com"),
        ({"body": "<script>alert(1)</script>"}, "<script>alert(1)</script>"),
    ],
)
def test_whatever_is_typed_so_far_has_a_preview(signed_in, typed, words):
    assert words in preview(signed_in, **typed).text


def test_a_test_goes_to_oneself_once_and_the_form_stays(signed_in, installation, upload):
    for said in ("A test is on its way to ana@example.com. Open", "This test was sent already. Open"):
        page = press(signed_in, "test", recipients=upload, row="4")
        assert page.one(id="done").text == said
    (task,) = tasks(installation)
    assert (task.form["to"], task.form["test_row"], task.form["recipients"]) == (["ana@example.com"], 4, upload)
    assert (task.title, task.queue, task.progress_total) == ("Test of “Dear {{ name }}”", "quick", 1)
    assert page.one("input", id="subject")["value"] == "Dear {{ name }}"
    assert page.one("input", name="recipients")["value"] == upload


def test_a_test_that_is_run_again_is_the_message_to_everybody(signed_in, installation, upload):
    press(signed_in, "test", recipients=upload)
    form = read(signed_in.get(f"/new/email?from={tasks(installation)[0].id}").text)
    assert form.one("textarea", id="to").text == ""
    assert form.one("input", name="recipients")["value"] == upload


def test_the_page_of_the_task_names_lists_and_files(signed_in, installation, upload):
    files = {"attachments-file": ("photo.png", b"x")}
    data = {**FORM, "recipients": upload}
    path = signed_in.post("/new/email?press=1", data=data, files=files).headers["location"]
    assert signed_in.post("/new/email/check", data={"draft": path.rpartition("=")[2]}).status_code == 303
    text = read(signed_in.get(f"/tasks/{tasks(installation)[0].id}").text).one("main").text
    assert "Or to all people in a list clients.csv" in text
    assert "Attachments photo.png" in text
    assert "A test" not in text


def test_a_test_needs_no_recipient_but_a_message(signed_in, installation):
    press(signed_in, "test", subject="Hi", body="Hi")
    assert tasks(installation)[0].form["to"] == ["ana@example.com"]
    page = press(signed_in, "test", status=422, subject="", body="Hi")
    assert page.one(id="subject-error").text == "Write a subject."
    assert len(tasks(installation)) == 1


def test_a_template_takes_the_place_of_the_message_and_leaves_the_recipients(signed_in):
    page = press(signed_in, "keep-template", template_name="  Spring  offer ", to="bob@example.com")
    assert page.one(id="done").text == "Kept as the template “Spring offer”."
    choice = next(option["value"] for option in page.all("option") if option.text == "Spring offer")
    page = press(signed_in, "use-template", template=choice, subject="x", body="y", to="bob@example.com")
    assert page.one("input", id="subject")["value"] == FORM["subject"]
    assert page.one("textarea", id="body").text == FORM["body"]
    assert page.one("textarea", id="to").text == "bob@example.com"
    page = press(signed_in, "drop-template", template=choice)
    assert page.one(id="done").text == "The template “Spring offer” is gone."
    assert press(signed_in, "use-template", template=choice, status=422).one(id="template-error").text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"template_name": " "}, "Give it a name."),
        ({"template_name": "x" * 101}, "The name has more than 100 characters. Give it a shorter one."),
        ({"template_name": "Empty", "subject": " ", "body": ""}, "Write something first: there is nothing to keep."),
    ],
)
def test_what_cannot_be_kept_is_said_beside_its_name(signed_in, typed, words):
    assert press(signed_in, "keep-template", status=422, **typed).one(id="template_name-error").text == words


def test_templates_are_a_persons_own(signed_in, admin):
    press(signed_in, "keep-template", template_name="Mine")
    assert "Mine" not in press(admin, "preview").one(id="form").text


def test_files_stay_attached_while_the_form_comes_back(signed_in, installation):
    files = [("attachments-file", (name, b"%PDF-1.7", "application/pdf")) for name in ("a.pdf", "b ü.pdf")]
    page = press(signed_in, "", files, status=422, to="bob@", subject="Hi", body="Hi")
    boxes = [box for box in page.all("input", name="attachments") if "checked" in box]
    assert [label.text for label in page.one(id="attachments").all("label")] == ["a.pdf 8 bytes", "b ü.pdf 8 bytes"]
    data = {**FORM, "subject": "Hi", "body": "Hi", "to": "bob@example.com", "attachments": [boxes[1]["value"]]}
    assert signed_in.post("/new/email?press=1", data=data).status_code == 303
    assert tasks(installation)[0].form["attachments"] == [boxes[1]["value"]]


def test_a_list_is_kept_under_a_name_and_chosen_by_it(signed_in, upload):
    page = press(signed_in, "keep-list", recipients=upload, list_name="Clients")
    assert page.one(id="done").text == "Kept as the list “Clients”."
    page = press(signed_in, "change-list", recipients=upload)
    assert page.one("optgroup", label="Saved lists").text == "Clients, 3 rows"
    again = press(signed_in, "keep-list", recipients=upload, list_name="Other")
    assert again.one(id="done").text == "It is kept as the list “Clients”."


@pytest.mark.parametrize("body", ["![" * 50_000, "{{" + " " * 190_000, "{{a}}" * 40_000, "*a " * 60_000])
def test_a_message_of_many_marks_has_a_preview(signed_in, body):
    assert "To ana@example.com" in preview(signed_in, body=body).text


def test_what_is_too_long_to_be_sent_is_not_drawn(signed_in):
    words = "The message has 200,001 characters. At most 200,000 are possible."
    assert preview(signed_in, body="x" * 200_001).text == words
    words = "The subject has 201 characters. At most 200 are possible."
    assert preview(signed_in, subject="x" * 201).text == words


def test_fields_that_make_the_message_too_long_are_explained(signed_in, installation, ana, tmp_path):
    path = tmp_path / "long.csv"
    path.write_text(f"Mail,Name\nana@example.com,{'x' * 32_000}\n")
    upload = ingest.receive(installation, ana, "long.csv", path).id
    pane = preview(signed_in, recipients=upload, body="{{name}}" * 1_000)
    assert "There is no preview. This message cannot be made: with its fields filled it has more than" in pane.text


def test_an_image_in_a_preview_is_a_link(signed_in):
    pane = preview(signed_in, body="![our cat](https://e.example/{{email}}.png)")
    assert pane.one("a").text == "our cat"
    assert not pane.all("img")
