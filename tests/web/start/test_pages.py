"""The form pages: what they show, what they refuse, and that a start happens once."""

import pytest
from sqlalchemy import select

from tests.factories import make_person, make_task
from tests.html import Element, read
from webapp.db import schema
from webapp.settings import Settings

CSV = b"Name;City;Amount\nAna;Lugo;12,50\nBob;Bonn;7,25\n"


def form(browser, path: str) -> Element:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return read(answer.text)


def tasks(installation) -> list:
    with installation.read() as conn:
        return conn.execute(select(schema.task).order_by(schema.task.c.id)).all()


def message(**more: str) -> dict[str, str]:
    return {"message": "The lift works again", "channels": "log", "key": "k1", **more}


def test_a_start_lands_on_home_at_the_new_row(signed_in, installation):
    answer = signed_in.post("/new/notification", data=message())
    (task,) = tasks(installation)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/#task-{task.id}"
    assert (task.kind, task.state) == ("notification", "waiting")
    assert task.undo_until is not None


def test_htmx_is_sent_to_the_same_place(signed_in, installation):
    answer = signed_in.post("/new/notification", data=message(), headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == f"/#task-{tasks(installation)[0].id}"


def test_pressing_twice_starts_one_task(signed_in, installation):
    first, second = (signed_in.post("/new/notification", data=message()) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    assert len(tasks(installation)) == 1


def test_going_back_and_changing_the_form_asks_before_it_starts_another(signed_in, installation):
    signed_in.post("/new/notification", data=message())
    again = signed_in.post("/new/notification", data=message(message="Something else"))
    page = read(again.text)
    assert again.status_code == 422
    assert "This form was sent already, with other content." in page.one(id="form-error").text
    assert page.one("textarea", id="message").text == "Something else"
    assert page.one("input", id="key")["value"] != "k1"
    assert len(tasks(installation)) == 1


def test_every_form_has_a_key_of_its_own(signed_in):
    keys = {form(signed_in, "/new/email").one("input", id="key")["value"] for _ in range(3)}
    assert len(keys) == 3


def test_one_error_takes_the_focus_to_its_field(signed_in):
    answer = signed_in.post("/new/notification", data=message(message=""))
    page = read(answer.text)
    field = page.one("textarea", id="message")
    assert answer.status_code == 422
    assert page.one("title").text.startswith("Error: Send a notification")
    assert "autofocus" in field
    assert field["aria-invalid"] == "true"
    assert page.one(id=field["aria-describedby"].split()[0]).text == "Write a message."
    assert answer.text.count("Write a message.") == 1
    assert not page.all(class_="summary")


def test_several_errors_are_summed_up_with_links_named_as_the_fields(signed_in):
    page = read(signed_in.post("/new/email", data={"to": "bob@example", "key": "k"}).text)
    summary = page.one(class_="summary")
    assert summary.one("h2").text == "3 things to correct"
    assert [(link.text, link["href"]) for link in summary.all("a")] == [
        ("Send to", "#to"),
        ("Subject", "#subject"),
        ("Message", "#body"),
    ]
    assert "autofocus" in summary
    assert not [one for one in page.all() if "autofocus" in one and one is not summary]
    assert page.one("textarea", id="to").text == "bob@example"


def test_htmx_gets_the_form_alone(signed_in):
    answer = signed_in.post("/new/email", data={"key": "k"}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert answer.text.lstrip().startswith("<form")


def test_a_header_cannot_be_slipped_in_through_the_subject(signed_in, installation):
    answer = signed_in.post(
        "/new/email", data={"to": "bob@example.com", "subject": "Hi\r\nBcc: eve@example.com", "body": "x", "key": "k"}
    )
    assert answer.status_code == 422
    assert tasks(installation) == []


def test_without_a_mail_server_the_form_says_where_emails_go(signed_in):
    assert (
        "No mail server is connected. Emails are saved in the outbox, not sent." in form(signed_in, "/new/email").text
    )


def test_run_again_shows_the_filled_form_and_starts_nothing(signed_in, installation, ana):
    stored = {"to": ["bob@example.com", "eva@example.com"], "subject": "Hello", "body": "Line 1\nLine 2"}
    with installation.write() as conn:
        task_id = make_task(conn, ana, "done", kind="email", form=stored)
    page = form(signed_in, f"/new/email?from={task_id}")
    assert page.one("textarea", id="to").text == "bob@example.com eva@example.com"
    assert page.one("input", id="subject")["value"] == "Hello"
    assert len(tasks(installation)) == 1


def test_nobody_can_fill_a_form_from_somebody_elses_task(signed_in, installation):
    with installation.write() as conn:
        ben = make_person(conn, installation.settings, "ben@example.com")
        task_id = make_task(conn, ben, "done", kind="email")
    assert signed_in.get(f"/new/email?from={task_id}").status_code == 404


def test_a_link_can_fill_a_form(signed_in):
    page = form(signed_in, "/new/email?subject=Hello&to=bob@example.com")
    assert page.one("input", id="subject")["value"] == "Hello"
    assert page.one("textarea", id="to").text == "bob@example.com"


def test_the_place_of_a_notification_is_remembered(signed_in, installation, ana):
    signed_in.post("/new/notification", data=message())
    page = form(signed_in, "/new/notification")
    assert "checked" in page.one("input", name="channels", value="log")


def test_only_admins_run_self_tests(signed_in, admin):
    assert signed_in.get("/new/self-test").status_code == 404
    assert form(admin, "/new/self-test").one("h1").text == "Run a self-test"
    assert admin.post("/new/self-test", data={"key": "k", "seconds": "0"}).status_code == 303


def test_there_is_no_form_for_what_does_not_exist(signed_in):
    assert signed_in.get("/new/pizza").status_code == 404


class TestReport:
    """Data, columns, and files that come with the form."""

    def test_the_samples_are_there_for_everybody(self, signed_in):
        labels = [
            one.text for one in form(signed_in, "/new/report").one("fieldset", id="data").all("label", class_="option")
        ]
        assert labels == ["The three people", "Sales of one year (10,000 rows)", "The task log", "Who got what"]

    def test_show_columns_shows_the_columns_of_a_file_and_keeps_it(self, signed_in):
        answer = signed_in.post(
            "/new/report",
            data={"intent": "columns", "key": "k", "name": "October"},
            files={"data-file": ("clients.csv", CSV, "text/csv")},
        )
        page = read(answer.text)
        chosen = [one for one in page.all("input", name="data") if "checked" in one]
        assert answer.status_code == 200
        assert [one["value"] for one in page.all("input", name="columns")] == ["Name", "City", "Amount"]
        assert chosen[0]["value"].startswith("u-")
        assert page.one("input", id="name")["value"] == "October"
        assert page.one("input", id="key")["value"] == "k"

    def test_an_upload_stays_chosen_when_the_form_comes_back_with_an_error(self, signed_in, installation):
        answer = signed_in.post(
            "/new/report",
            data={"key": "k", "name": "x" * 300, "format": "csv"},
            files={"data-file": ("clients.csv", CSV, "text/csv")},
        )
        page = read(answer.text)
        (chosen,) = [one for one in page.all("input", name="data") if "checked" in one]
        assert answer.status_code == 422
        assert tasks(installation) == []
        again = signed_in.post("/new/report", data={"key": "k", "data": chosen["value"], "format": "csv"})
        assert again.status_code == 303
        assert tasks(installation)[0].form["data"] == chosen["value"]

    @pytest.mark.parametrize(
        ("name", "body", "words"),
        [("empty.csv", b"", "empty"), ("photo.csv", b"\x89PNG\r\n\x1a\n" + b"\0" * 500, "photo.csv")],
    )
    def test_a_file_that_cannot_be_read_is_explained_beside_it(self, signed_in, installation, name, body, words):
        answer = signed_in.post("/new/report", data={"key": "k", "name": "kept"}, files={"data-file": (name, body)})
        page = read(answer.text)
        assert answer.status_code == 422
        assert words in page.one(id="data-error").text
        assert page.one("input", id="name")["value"] == "kept"
        assert tasks(installation) == []

    def test_nothing_chosen_is_told(self, signed_in):
        page = read(signed_in.post("/new/report", data={"key": "k"}).text)
        assert page.one(id="data-error").text == "Fill in “Data”."

    def test_nobody_elses_file_can_be_used(self, signed_in, admin, installation, root):
        answer = admin.post(
            "/new/report", data={"intent": "columns"}, files={"data-file": ("clients.csv", CSV, "text/csv")}
        )
        theirs = next(one["value"] for one in read(answer.text).all("input", name="data") if "checked" in one)
        refused = signed_in.post("/new/report", data={"key": "k", "data": theirs})
        assert refused.status_code == 422
        assert "no longer exists" in refused.text
        assert "clients.csv" not in refused.text


class TestLimit:
    """A panel that takes 1 MB."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return Settings(data_dir=settings.data_dir, max_upload_mb=1)

    def test_a_file_over_the_limit_is_refused_beside_its_field_and_nothing_typed_is_lost(self, signed_in, installation):
        answer = signed_in.post(
            "/new/report", data={"key": "k", "name": "October"}, files={"data-file": ("big.csv", b"a,b\n" * 300_000)}
        )
        page = read(answer.text)
        assert answer.status_code == 413
        assert page.one(id="data-error").text == "This file is larger than 1 MB, the limit of this panel."
        assert page.one("input", id="name")["value"] == "October"
        assert tasks(installation) == []
