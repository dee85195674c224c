"""Settings: where mail goes and a test of it, what is kept, how the panel is, and who did what."""

import pytest
from sqlalchemy import text

from tests.html import Element, read
from tests.servers import MailServer
from tests.waiting import until
from tests.web.settings_pages import facts, part, set_up, settings_of, trail
from webapp.audit import origin
from webapp.audit import trail as trails
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.web.settings import mail_servers

USERS = {"office@example.com": "p4ss-w0rd"}

ROOT = "Rut Admin <root@example.com>"


@pytest.fixture
def server():
    with MailServer(users=USERS) as running:
        yield running


def steps(page: Element) -> list[tuple[str, str]]:
    return [(row.one("b").text, row.all("span")[0].text) for row in page.one(id="mail-test").all("li")]


def test_the_page_says_what_it_is_and_stands_in_the_rail(admin):
    page = settings_of(admin)
    assert page.one("title").text == "Settings – Outtray"
    assert [link["href"] for link in page.one("nav", aria_label="Main").all("a", aria_current="page")] == ["/settings"]
    headings = ["Mail", "Channels", "Databases", "Address", "Keeping", "Health", "Audit"]
    assert [heading.text for heading in page.all("h2")] == headings


@pytest.mark.parametrize(("method", "path"), [("GET", "/settings"), ("POST", "/settings/mail/test")])
def test_staff_are_kept_out(signed_in, installation, server, method, path):
    set_up(installation, smtp_url=server.url)
    answer = signed_in.request(method, path)
    assert answer.status_code == 403
    assert "This page is for admins." in answer.text
    assert server.connections == 0
    assert "Settings" not in read(signed_in.get("/").text).one("nav", aria_label="Main").text


def test_without_a_server_it_says_where_emails_go_and_how_to_have_one(admin, installation):
    mail = part(settings_of(admin), "mail")
    assert "No mail server yet. Emails are saved in the outbox, not sent." in mail.text
    assert str(installation.data_dir / "outbox") in mail.text
    assert "OUTTRAY_SMTP_URL='smtp+starttls://" in mail.text
    assert [button.text for button in mail.all("button")] == ["Save", "Test"]


def test_without_a_server_there_is_nothing_to_test(admin):
    assert admin.post("/settings/mail/test").status_code == 409


def test_the_server_is_told_in_words_and_its_password_never(admin, installation):
    url = "smtp+starttls://office%40example.com:p4ss-w0rd@mail.example.com?connections=2&rate=0.5"
    set_up(installation, smtp_url=url, mail_from="Office <post@example.com>")
    page = settings_of(admin)
    assert facts(part(page, "mail")) == {
        "Server": "mail.example.com, port 587 Set by OUTTRAY_SMTP_URL on the server.",
        "Encryption": "Before anything is said (STARTTLS)",
        "User name": "office@example.com",
        "Speed": "2 connections, at most 0.5 a second",
        "Emails come from": "Office <post@example.com> Set by OUTTRAY_MAIL_FROM on the server.",
    }
    assert "p4ss-w0rd" not in admin.get("/settings").text


def test_a_sender_that_nobody_set_is_marked_as_a_default(admin, installation):
    set_up(installation, smtp_url="smtps://office%40example.com:secret@mail.example.com")
    row = facts(part(settings_of(admin), "mail"))["Emails come from"]
    assert row == "office@example.com Default; OUTTRAY_MAIL_FROM changes it."


def test_a_test_that_goes_well_lists_its_steps_and_sends_nothing(admin, installation, server):
    set_up(installation, smtp_url=server.url)
    answer = admin.post("/settings/mail/test")
    page = read(answer.text)
    assert answer.status_code == 200
    assert steps(page) == [
        ("Name found", "passed"),
        ("Connected", "passed"),
        ("Encrypted", "not used"),
        ("Signed in", "passed"),
        ("Sender accepted", "passed"),
    ]
    assert [focused.text for focused in page.all(autofocus="")] == ["The test passed. Nothing was sent."]
    assert server.messages == []
    assert "p4ss-w0rd" not in answer.text


def test_the_step_that_failed_says_why_and_has_the_focus(admin, installation, server):
    set_up(installation, smtp_url=server.url.replace("p4ss-w0rd", "wr0ng-w0rd"))
    answer = admin.post("/settings/mail/test")
    page = read(answer.text)
    assert steps(page)[3:] == [("Signed in", "failed"), ("Sender accepted", "not tried")]
    (focused,) = page.all(autofocus="")
    assert "The mail server did not accept the password." in focused.text
    assert focused["tabindex"] == "-1"
    assert "wr0ng-w0rd" not in answer.text


def test_htmx_gets_the_steps_alone(admin, installation, server):
    set_up(installation, smtp_url=server.url)
    answer = admin.post("/settings/mail/test", headers={"HX-Request": "true"})
    assert read(answer.text).one(id="mail-test").all("li")
    assert "<html" not in answer.text


def test_loading_the_page_of_a_test_again_leads_to_the_settings(admin):
    answer = admin.get("/settings/mail/test")
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings#mail")


def test_a_second_test_at_the_same_time_is_refused(admin, installation, server):
    set_up(installation, smtp_url=server.url)
    with mail_servers._testing:
        assert admin.post("/settings/mail/test").status_code == 409
    assert server.connections == 0
    assert admin.post("/settings/mail/test").status_code == 200


def test_no_transaction_is_open_while_the_server_is_tried(admin, installation, server, monkeypatch):
    seen = []

    def look(*_: object, is_fixed: bool) -> list[object]:
        with installation.write() as conn:  # would wait for the gate behind an open transaction of the route
            seen.append(conn.execute(text("select 1")).scalar())
        until(lambda: installation.database.engine.pool.checkedout() == 0)  # the watcher may be looking just now
        seen.append("none is open")
        return []

    monkeypatch.setattr(mail_servers, "try_out", look)
    set_up(installation, smtp_url=server.url)
    admin.post("/settings/mail/test")
    assert seen == [1, "none is open"]


def test_a_test_is_in_the_audit_trail(admin, installation, server):
    set_up(installation, smtp_url=server.url)
    admin.post("/settings/mail/test")
    server.on("mail", say="553 no")
    admin.post("/settings/mail/test")
    assert trail(settings_of(admin)) == [
        f"{ROOT} tested the mail server 127.0.0.1 failed at: sender accepted",
        f"{ROOT} tested the mail server 127.0.0.1 passed",
    ]


def test_what_is_kept_says_who_said_so(admin, installation):
    set_up(installation, keep_files_days=1, retry_seconds=(10, 90, 3600))
    kept = facts(part(settings_of(admin), "keeping"))
    assert kept["Files"] == "1 day What reports made, and uploads. Set by OUTTRAY_KEEP_FILES_DAYS on the server."
    assert kept["Ended tasks"].startswith("365 days")
    assert kept["Ended tasks"].endswith("Default; OUTTRAY_KEEP_TASKS_DAYS changes it.")
    assert kept["Waits before further tries"].startswith("10 seconds, 90 seconds, 1 hour")
    assert kept["Largest upload"].startswith("200 MB")
    assert kept["Time for Undo"].startswith("10 seconds")
    assert kept["Time zone"].endswith("Set by OUTTRAY_TIMEZONE on the server.")


def test_no_time_for_undo_is_said(admin, installation):
    set_up(installation, undo_seconds=0)
    kept = facts(part(settings_of(admin), "keeping"))
    assert kept["Time for Undo"].startswith("None: messages go at once")


def test_the_audit_shows_fifty_at_a_time_and_html_as_text(admin, root, installation):
    with installation.write() as conn:
        trails.record(conn, AuditAction.ADD, Target(TargetKind.PERSON, "", "<b>x</b>"))
        with origin.acting(origin.of_person(root)):
            for number in range(50):
                trails.record(conn, AuditAction.ADD, Target(TargetKind.TOKEN, number, f"no. {number}"))
    newest = settings_of(admin)
    assert len(trail(newest)) == 50
    assert trail(newest)[0] == f"{ROOT} added the token no. 49"
    (_, older) = part(newest, "audit").all("a")
    assert older.text == "Older"
    rest = settings_of(admin, older["href"])
    assert trail(rest) == ["Outtray added <b>x</b>"]
    assert [link.text for link in part(rest, "audit").all("a")] == ["Search the audit trail", "Newest"]


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "²", ""])
def test_a_page_of_the_audit_that_makes_no_sense_is_the_newest(admin, root, installation, before):
    with installation.write() as conn:
        trails.record(conn, AuditAction.SIGN_IN)
    assert trail(settings_of(admin, f"/settings?before={before}")) == ["Outtray signed in"]


def test_an_empty_audit_says_so(admin):
    assert "Nothing yet." in part(settings_of(admin), "audit").text


def test_home_leads_to_the_settings_until_there_is_a_server(admin, installation):
    assert '<a href="/settings#mail">' in admin.get("/").text
    set_up(installation, smtp_url="smtp://mail.example.com")
    assert '<a href="/settings#mail">' not in admin.get("/").text
