"""Check before sending: the last look at an email that goes to many."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import make_delivery, make_person, make_task
from tests.html import Element, read
from webapp.clock import now
from webapp.connections import suppressions
from webapp.connections.mail_routing import Route
from webapp.db import schema
from webapp.mail.url import read_url

CLIENTS = b"Mail,Name\nana@example.com,Ana\nben@,Ben\nANA@example.com,Ana again\ncleo@example.com,\n"


def tasks(installation) -> list:
    with installation.read() as conn:
        return conn.execute(select(schema.task).order_by(schema.task.c.id)).all()


def many(number: int, domain: str = "example.com") -> str:
    return "\n".join(f"p{n}@{domain}" for n in range(number))


def filled(browser, file: bytes = b"", **more: str) -> str:
    """Fills in the form and presses; the address that this leads to."""
    data = {"key": "k1", "subject": "For {{ name }}" if file else "Hello", "body": "Dear **you**", **more}
    files = {"recipients-file": ("clients.csv", file)} if file else None
    answer = browser.post("/new/email?press=1", data=data, files=files)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def seen(browser, path: str) -> Element:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return read(answer.text)


def test_a_list_is_looked_over_before_anything_is_sent(signed_in, installation):
    path = filled(signed_in, CLIENTS, reply_to="desk@example.com")
    page = seen(signed_in, path)
    assert path == "/new/email/check?draft=k1"
    assert tasks(installation) == []
    assert page.one("h1").text == "Check before sending"
    assert "autofocus" in page.one("h1")
    text = page.one("main").text
    assert "2 of 4 get this email, each alone; nobody sees the others." in text
    assert "clients.csv, addresses in Mail" in text
    assert "Row 3: “ben@” has nothing after the @." in text
    assert "Row 4: ANA@example.com, as in row 2" in text
    assert "“name” is empty for 1 person" in text
    assert "Row 5" in text
    assert "For Ana" in text
    assert "desk@example.com" in text
    assert page.one("strong").text == "you"
    assert not page.all("input", id="confirmed")


def test_sending_starts_the_task_once(signed_in, installation):
    filled(signed_in, CLIENTS)
    first, second = (signed_in.post("/new/email/check", data={"draft": "k1"}) for _ in range(2))
    (task,) = tasks(installation)
    assert first.headers["location"] == second.headers["location"] == f"/#task-{task.id}"
    assert (task.title, task.progress_total) == ("For {{ name }} to clients.csv", 4)
    assert task.undo_until is not None


@pytest.mark.parametrize("confirmed", ["", "20", "yes"])
def test_above_twenty_the_number_must_be_confirmed(signed_in, installation, confirmed):
    filled(signed_in, to=many(21))
    answer = signed_in.post("/new/email/check", data={"draft": "k1", "confirmed": confirmed})
    page = read(answer.text)
    assert answer.status_code == 422
    assert page.one(id="confirmed-error").text == "Tick to confirm the number."
    assert (
        page.one(
            "label",
        ).text
        == "Yes, 21 people"
    )
    assert "autofocus" in page.one(id="confirmed")
    assert tasks(installation) == []
    assert signed_in.post("/new/email/check", data={"draft": "k1", "confirmed": "21"}).status_code == 303
    assert len(tasks(installation)) == 1


def test_up_to_twenty_addresses_go_without_another_look(signed_in, installation):
    assert filled(signed_in, to=many(20)).startswith("/#task-")


def test_nobody_left_means_no_button(signed_in):
    page = seen(signed_in, filled(signed_in, b"Mail,Name\nben@,Ben\n"))
    assert "Nobody would get this email" in page.one("main").text
    assert not [button for button in page.one("main").all("button") if "Send" in button.text]
    assert signed_in.post("/new/email/check", data={"draft": "k1"}).status_code == 200


def test_going_back_shows_what_was_typed_with_the_list_still_chosen(signed_in):
    page = seen(signed_in, filled(signed_in, CLIENTS))
    back = next(link["href"] for link in page.all("a") if link.text == "Go back and correct")
    form = seen(signed_in, back)
    assert form.one("input", id="key")["value"] == "k1"
    assert form.one("input", id="subject")["value"] == "For {{ name }}"
    assert "clients.csv: 4 rows, addresses in Mail" in form.one(id="choose-list").text
    assert form.one("input", name="recipients")["value"].startswith("u-")


def test_a_page_that_has_sent_already_asks_before_it_sends_something_else(signed_in, installation):
    filled(signed_in, CLIENTS)
    signed_in.post("/new/email/check", data={"draft": "k1"})
    filled(signed_in, CLIENTS, subject="Another")
    answer = signed_in.post("/new/email/check", data={"draft": "k1"})
    page = read(answer.text)
    assert "This form was sent already, with other content." in page.one(id="form-error").text
    assert len(tasks(installation)) == 1
    key = page.one("input", name="draft")["value"]
    assert signed_in.post("/new/email/check", data={"draft": key}).status_code == 303
    assert len(tasks(installation)) == 2


def test_a_look_at_nothing_leads_to_the_form(signed_in):
    assert signed_in.get("/new/email/check?draft=nothing").headers["location"] == "/new/email"
    assert signed_in.get("/new/email/check").headers["location"] == "/new/email"


def test_nobody_sees_anothers_look(signed_in, installation, client):
    with installation.write() as conn:
        ben = make_person(conn, installation.settings, "ben@example.com")
        conn.execute(
            schema.memory.insert().values(
                person=ben.id, key="draft:k9", value={"kind": "email", "form": {}, "kept": "2026-11-23T00:00:00+00:00"}
            )
        )
    assert signed_in.get("/new/email/check?draft=k9").headers["location"] == "/new/email"


def test_a_list_that_has_gone_is_said_on_the_form(signed_in, installation):
    path = filled(signed_in, CLIENTS)
    with installation.write() as conn:
        conn.execute(schema.upload.delete())
    assert signed_in.get(path).headers["location"] == "/new/email?draft=k1"


def test_choosing_a_list_shows_its_columns(signed_in):
    answer = signed_in.post(
        "/new/email?press=1", data={"key": "k1", "intent": "columns"}, files={"recipients-file": ("c.csv", CLIENTS)}
    )
    page = read(answer.text)
    assert answer.status_code == 200
    assert "c.csv: 4 rows, addresses in Mail" in page.one(id="choose-list").text
    assert "autofocus" in page.one("button", id="change-list")
    assert "{{ Name }}" in page.one(id="inserts").text


def test_another_list_or_column_can_be_chosen(signed_in, installation, ana):
    first = filled(signed_in, CLIENTS)
    upload = read(signed_in.get(first.replace("/check", "")).text).one("input", name="recipients")["value"]
    data = {"key": "k2", "intent": "change-list", "recipients": upload, "address_column": "Name"}
    page = read(signed_in.post("/new/email?press=1", data=data).text)
    assert "autofocus" in page.one("select", name="recipients")
    chosen = [one["value"] for one in page.one("select", id="address_column").all("option") if "selected" in one]
    assert chosen == ["Name"]


def test_a_hostile_cell_is_shown_and_never_run(signed_in):
    page = signed_in.get(filled(signed_in, b"Mail,Name\na@example.com,<script>alert(1)</script>\n", body="{{ name }}"))
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text


def sent_before(installation, ana, *addresses: str, **form: str) -> int:
    said = {"subject": "Hello", "body": "Dear **you**", **form}
    with installation.write() as conn:
        task_id = make_task(conn, ana, kind="email", form={"to": [], **said})
        for address in addresses:
            make_delivery(conn, task_id, address, key=address, updated=now())
    return task_id


def test_those_who_got_the_same_today_are_left_out_unless_one_says_otherwise(signed_in, installation, ana):
    task_id = sent_before(installation, ana, "p3@example.com", "p4@example.com")
    path = filled(signed_in, to=many(25))
    page = seen(signed_in, path)
    text = page.one("main").text
    assert "23 of 25 get this email" in text
    assert "2 of these got this today at " in text
    assert "Row 4: p3@example.com" in text
    assert "checked" in page.one("input", id="leave_out")
    all_of_them = seen(signed_in, f"{path}&looked=1").one("main").text
    assert "25 of 25 get this email" in all_of_them
    data = {"draft": "k1", "number": "23", "leave_out": "on", "confirmed": "23"}
    assert signed_in.post("/new/email/check", data=data).status_code == 303
    assert tasks(installation)[-1].form["except_tasks"] == [task_id]


def test_a_number_that_has_changed_is_looked_at_once_more(signed_in, installation, ana):
    filled(signed_in, to=many(25))
    with installation.write() as conn:
        suppressions.add(conn, ["p1@example.com"], "added")
    data = {"draft": "k1", "number": "25", "leave_out": "on", "confirmed": "25"}
    answer = signed_in.post("/new/email/check", data=data)
    assert answer.status_code == 422
    assert read(answer.text).one(id="form-error").text.startswith("Meanwhile the number has changed.")
    assert tasks(installation) == []


@pytest.mark.parametrize("other", [{"subject": "Other"}, {"body": "Other"}, {"test": True}])
def test_another_message_does_not_count(signed_in, installation, ana, other):
    sent_before(installation, ana, "p3@example.com", **other)
    assert "25 of 25 get this email" in seen(signed_in, filled(signed_in, to=many(25))).one("main").text


def test_those_to_whom_nobody_writes_are_named_and_left_out(signed_in, installation):
    with installation.write() as conn:
        suppressions.add(conn, ["CLEO@example.com"], "unsubscribed")
    text = seen(signed_in, filled(signed_in, CLIENTS)).one("main").text
    assert "1 of 4 gets this email" in text
    assert "1 person wants no email" in text
    assert "Row 5: cleo@example.com" in text


def test_the_size_counts_what_is_attached(signed_in):
    files = {"attachments-file": ("photo.png", b"x" * 300_000)}
    data = {"key": "k1", "subject": "Hi", "body": "Hi", "to": many(25)}
    path = signed_in.post("/new/email?press=1", data=data, files=files).headers["location"]
    text = seen(signed_in, path).one("main").text
    assert "photo.png (300 kB)" in text
    assert "Size 4" in text
    assert "kB each" in text


def test_the_time_it_takes_is_that_of_earlier_runs(signed_in, installation, ana, monkeypatch):
    route = Route(smtp=read_url("smtp://mail"), sender="a@b.de", target="mail")
    monkeypatch.setattr(type(installation.mail), "route", lambda self, server_id="": route)
    with installation.write() as conn:
        more = {"started": now() - timedelta(seconds=30), "finished": now(), "target": "mail", "queue": "mail"}
        task_id = make_task(conn, ana, kind="email", form={}, **more)
        for number in range(60):
            make_delivery(conn, task_id, f"x{number}@example.com")
    text = seen(signed_in, filled(signed_in, to=many(240))).one("main").text
    assert "about 2 minutes, as fast as the last time" in text


def test_a_link_that_nobody_elsewhere_can_open_is_told(signed_in, installation):
    text = seen(signed_in, filled(signed_in, CLIENTS)).one("main").text
    assert "The link to unsubscribe leads to http://localhost:8000" in text
    installation.settings = installation.settings.model_copy(update={"base_url": "https://post.example.com"})
    assert "leads to" not in seen(signed_in, "/new/email/check?draft=k1").one("main").text


def test_only_those_who_were_refused_are_corrected(signed_in, installation, ana):
    with installation.write() as conn:
        form = {"to": ["bob@example.com", "ben@exmaple.com"], "subject": "Hello", "body": "Hi"}
        task_id = make_task(conn, ana, "attention", kind="email", form=form, fault="form", expanded=True)
        make_delivery(conn, task_id, "bob@example.com")
        make_delivery(conn, task_id, "ben@exmaple.com", "failed")
    link = next(one for one in seen(signed_in, f"/tasks/{task_id}").all("a") if one.text == "Correct 1 address")
    form = seen(signed_in, link["href"])
    assert form.one("textarea", id="to").text == "ben@exmaple.com"
    assert form.one("input", id="subject")["value"] == "Hello"


def test_thousands_of_typed_addresses_are_counted_too(signed_in):
    text = seen(signed_in, filled(signed_in, to=many(4_000))).one("main").text
    assert "4,000 of 4,000 get this email" in text
