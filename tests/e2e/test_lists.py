"""An email to a list: choose it, insert columns by click, check, send; also without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.pages.check import CheckPage
from tests.e2e.pages.forms import EmailForm
from tests.e2e.pages.home import Home
from webapp.db import schema

CLIENTS = b"E-mail,Name\nana@example.com,Ana\nben@,Ben\ncleo@example.com,Cleo\n"
LIST = {"name": "clients.csv", "mimeType": "text/csv", "buffer": CLIENTS}


def started(installation) -> list[int]:
    with installation.read() as conn:
        return list(conn.execute(schema.task.select().order_by(schema.task.c.id)).scalars())


@pytest.mark.parametrize("window", ["page", "plain_page"])
def test_a_list_is_chosen_checked_and_sent(request, installation, window):
    page = request.getfixturevalue(window)
    form = EmailForm(page)
    form.open()
    form.choose_list(LIST)
    form.fill(Subject="Dear {{ Name }}", Message="We open at nine.")
    form.press()
    check = CheckPage(page)
    expect(check.heading).to_be_focused()
    expect(check.who).to_contain_text("2 of 3 get this email, each alone; nobody sees the others.")
    expect(check.rows("1 row has no valid address")).to_have_text("Row 3: “ben@” has nothing after the @.")
    expect(check.first).to_contain_text("Dear Ana")
    assert started(installation) == []
    check.send("Send 2 emails")
    page.wait_for_url(re.compile(r"/#task-\d+$"))
    row = Home(page).log.row(started(installation)[0])
    expect(row.root).to_be_focused()
    expect(row.button("Undo")).to_be_visible()


def test_a_column_is_inserted_where_the_cursor_was(page):
    form = EmailForm(page)
    form.open()
    form.choose_list(LIST)
    form.fill(Subject="Hello , welcome")
    subject = form.field("Subject")
    subject.evaluate("field => field.setSelectionRange(6, 6)")
    page.get_by_role("button", name="Insert Name").click()
    expect(subject).to_have_value("Hello {{ Name }}, welcome")
    expect(subject).to_be_focused()
    page.keyboard.type("!")
    expect(subject).to_have_value("Hello {{ Name }}!, welcome")


def test_going_back_from_the_check_keeps_everything(page):
    form = EmailForm(page)
    form.open()
    form.choose_list(LIST)
    form.fill(Subject="Dear {{ Name }}", Message="We open at nine.")
    form.press()
    CheckPage(page).go_back()
    expect(form.field("Message")).to_have_value("We open at nine.")
    expect(page.locator("#choose-list")).to_contain_text("clients.csv: 3 rows, addresses in E-mail")
    page.get_by_role("button", name="Change", exact=True).click()
    expect(page.get_by_label("List", exact=True)).to_be_focused()
    expect(page.get_by_label("List", exact=True)).to_have_value(re.compile("^u-"))
    expect(form.field("Column with the addresses")).to_have_value("E-mail")
    expect(form.field("Message")).to_have_value("We open at nine.")
