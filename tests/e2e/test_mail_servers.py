"""A mail server is entered, tested and saved in a real browser, and an email goes through it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.e2e.pages.settings import SettingsPage
from tests.servers import MailServer
from tests.waiting import until
from webapp.settings import Settings

USERS = {"office@example.com": "p4ss-w0rd"}


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer(users=USERS) as running:
        yield running


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"undo_seconds": 0})


def enter(page: SettingsPage, server: MailServer) -> None:
    page.enter_server(
        host="127.0.0.1",
        port=str(server.port),
        scheme="smtp",
        user="office@example.com",
        password="p4ss-w0rd",
        from_address="post@example.com",
        from_name="Office",
    )


def test_typed_values_survive_a_test_and_are_saved(open_window, root, server):
    page = SettingsPage(open_window(root)).open()
    enter(page, server)
    page.test_button.click()
    expect(page.result).to_have_text("The test passed. Nothing was sent.")
    expect(page.result).to_be_focused()
    page.save_button.click()
    expect(page.status).to_have_text("Saved.")
    expect(page.save_button).to_be_focused()
    page.page.goto("/new/email")
    page.page.get_by_label("Send to").fill("ana@example.com")
    page.page.get_by_label("Subject").fill("Hello")
    page.page.get_by_label("Message").fill("Hi")
    page.page.get_by_role("button", name="Send email").click()
    until(lambda: len(server.messages) == 1)
    assert server.messages[0].sender == "post@example.com"


def test_without_javascript_a_server_is_saved_and_errors_are_shown(open_window, root, server):
    page = SettingsPage(open_window(root, java_script_enabled=False)).open()
    page.save_button.click()
    expect(page.page.get_by_role("heading", name="2 things to correct")).to_be_visible()
    enter(page, server)
    page.save_button.click()
    expect(page.status).to_have_text("Saved.")
