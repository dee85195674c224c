"""Settings → Mail: entering servers, testing what is not saved yet, and going on with what a server stopped."""

import pytest

from tests.factories import make_delivery, make_task
from tests.html import Element, read
from tests.servers import MailServer
from tests.web.settings_pages import part, set_up, settings_of, trail
from webapp.connections import mail_servers
from webapp.tasks import queries

USERS = {"office@example.com": "p4ss-w0rd"}
PATH = "/settings/mail/servers"


@pytest.fixture
def server():
    with MailServer(users=USERS) as running:
        yield running


@pytest.fixture
def entered(server) -> dict[str, str]:
    return {
        "host": "127.0.0.1", "port": str(server.port), "scheme": "smtp", "user": "office@example.com",
        "password": "p4ss-w0rd", "from_address": "post@example.com", "from_name": "Office", "name": "Office",
    }  # fmt: skip


def known(installation) -> list[mail_servers.Server]:
    with installation.read() as conn:
        return [mail_servers.one(conn, installation.secrets, found.id) for found in mail_servers.listing(conn)]


def error(page: Element, field: str) -> str:
    return page.one(id=f"{field}-error").text


def test_a_server_is_saved_shown_and_never_with_its_password(admin, installation, entered):
    answer = admin.post(PATH, data=entered)
    assert answer.status_code == 303
    page = settings_of(admin, answer.headers["location"].partition("#")[0])
    assert page.one(id="status").text == "Saved."
    assert [focused.text for focused in page.all(autofocus="")] == ["Save"]
    assert page.one(id="host")["value"] == "127.0.0.1"
    assert "p4ss-w0rd" not in admin.get("/settings").text
    (saved,) = known(installation)
    assert (saved.sender, saved.smtp.password, saved.is_default) == ("Office <post@example.com>", "p4ss-w0rd", True)
    entry = trail(page)[0]
    assert entry.startswith(
        "Rut Admin <root@example.com> added the mail server Office name: Office scheme: smtp host: 127.0.0.1"
    )
    assert "password: •••" in entry


def test_all_that_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(admin, installation, entered):
    wrong = {
        "host": "smtp://mail", "port": "70000", "scheme": "pop3", "from_address": "office", "rate": "fast",
        "per_connection": "0", "connections": "99", "password": "",
    }  # fmt: skip
    answer = admin.post(PATH, data=entered | wrong)
    page = read(answer.text)
    assert answer.status_code == 422
    assert page.one("title").text == "Error: Settings – Outtray"
    assert page.one(id="summary-title").text == "8 things to correct"
    assert error(page, "port") == "Give a whole number from 1 to 65,535."
    assert error(page, "password") == "A user name needs a password."
    assert page.one(id="host")["value"] == "smtp://mail"
    assert known(installation) == []


def test_an_empty_password_keeps_the_stored_one_but_for_no_other_server(admin, installation, entered):
    admin.post(PATH, data=entered)
    admin.post(f"{PATH}/1", data=entered | {"password": "", "from_name": "Sales"})
    assert known(installation)[0].smtp.password == "p4ss-w0rd"
    assert known(installation)[0].sender == "Sales <post@example.com>"
    answer = admin.post(f"{PATH}/1", data=entered | {"password": "", "host": "evil.example.com"})
    assert error(read(answer.text), "password").startswith("Type the password again")
    assert known(installation)[0].smtp.host == "127.0.0.1"
    admin.post(f"{PATH}/1", data=entered | {"password": "", "user": ""})
    assert known(installation)[0].smtp.password == ""


def test_a_test_tries_what_was_typed_and_saves_nothing(admin, installation, entered, server):
    answer = admin.post(PATH, data=entered | {"intent": "test"}, headers={"HX-Request": "true"})
    page = read(answer.text)
    assert page.one(id="test-result").text == "The test passed. Nothing was sent."
    assert page.one(id="host")["value"] == "127.0.0.1"
    assert "p4ss-w0rd" not in answer.text
    assert known(installation) == []
    assert server.messages == []
    wrong = admin.post(PATH, data=entered | {"intent": "test", "password": "no"}).text
    assert "The mail server did not accept the password. Check user name and password;" in wrong
    assert "OUTTRAY_SMTP_URL;" not in wrong


def test_without_javascript_a_test_asks_for_the_password_again(admin, entered):
    page = read(admin.post(PATH, data=entered | {"intent": "test"}).text)
    assert page.one(id="password-hint").text.startswith("Type the password once more before you save")


def test_several_servers_are_listed_and_one_can_go(admin, installation, entered):
    admin.post(PATH, data=entered)
    admin.post(PATH, data=entered | {"name": "Sales", "is_default": "on"})
    page = settings_of(admin)
    listed = part(page, "mail").one("ul", aria_label="Mail servers").all("li")
    assert [row.one("b").text for row in listed] == ["Sales", "Office"]
    taken = admin.post(PATH, data=entered)
    assert error(read(taken.text), "name") == "Another server has this name already."
    admin.post(f"{PATH}/2/remove")
    assert [(one.name, one.is_default) for one in known(installation)] == [("Office", True)]
    assert admin.post(f"{PATH}/2/remove").status_code == 404


def test_the_email_form_offers_whom_it_comes_from_where_there_is_a_choice(admin, signed_in, entered):
    admin.post(PATH, data=entered)
    assert 'name="server"' not in signed_in.get("/new/email").text
    admin.post(PATH, data=entered | {"name": "Sales", "from_name": "Sales"})
    form = read(signed_in.get("/new/email").text)
    options = [option.text for option in form.one("select", name="server").all("option")]
    assert options == ["Office <post@example.com> (Office)", "Sales <post@example.com> (Sales)"]
    gone = {"to": "a@example.com", "subject": "s", "body": "b", "server": "7"}
    assert "This mail server no longer exists." in signed_in.post("/new/email", data=gone).text


def test_servers_of_the_settings_are_marked_as_unused_while_the_environment_names_one(admin, installation, entered):
    admin.post(PATH, data=entered)
    set_up(installation, smtp_url="smtp://h")
    assert "not used while OUTTRAY_SMTP_URL is set" in part(settings_of(admin), "mail").text


def test_once_the_server_works_the_tasks_that_it_stopped_go_on_with_one_press(admin, installation, entered, ana):
    admin.post(PATH, data=entered)
    with installation.write() as conn:
        for number in range(60):
            task = make_task(conn, ana, "failed", kind="email", cause="mail-login", expanded=True)
            make_delivery(conn, task, f"{number}@example.com", "waiting")
        make_task(conn, ana, "failed", kind="email", cause="mail-login", form={"server": "9"})
        make_task(conn, ana, "failed", cause="bug")
    tested = read(admin.post(f"{PATH}/1", data=entered | {"intent": "test"}).text)
    button = next(button for button in tested.all("button") if "Retry" in button.text)
    assert button.text == "Retry the 60 tasks that this server stopped"
    answer = admin.post("/settings/mail/retry", data={"server": "1"})
    assert read(admin.get(answer.headers["location"]).text).one(id="status").text == "60 tasks go on."
    with installation.read() as conn:
        totals = queries.totals(conn, queries.View(owner=ana.id))
    assert (totals["waiting"], totals["failed"]) == (60, 2)


@pytest.mark.parametrize("path", [PATH, f"{PATH}/1", f"{PATH}/1/remove", "/settings/mail/retry"])
def test_staff_are_kept_out(signed_in, entered, installation, path):
    assert signed_in.post(path, data=entered).status_code == 403
    assert known(installation) == []


@pytest.mark.parametrize("path", [PATH, f"{PATH}/1", f"{PATH}/1/remove", "/settings/mail/retry"])
def test_loading_the_page_of_an_answer_again_leads_to_the_settings(admin, path):
    assert admin.get(path).headers["location"] == "/settings#mail"
