"""Settings in a real browser: the test of the mail server with and without JavaScript, and the audit."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.pages.settings import SettingsPage
from tests.servers import MailServer
from webapp.audit import origin, trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.settings import Settings

USERS = {"office@example.com": "p4ss-w0rd"}


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer(users=USERS) as running:
        yield running


@pytest.fixture
def settings(settings: Settings, server: MailServer) -> Settings:
    return settings.model_copy(update={"smtp_url": server.url})


@pytest.fixture(params=[True, False], ids=["live", "without JavaScript"])
def settings_page(request, open_window, root) -> SettingsPage:
    return SettingsPage(open_window(root, java_script_enabled=request.param)).open()


def test_the_result_of_a_successful_test_has_the_focus(settings_page, server):
    settings_page.test_button.click()
    expect(settings_page.result).to_have_text("The test passed. Nothing was sent.")
    expect(settings_page.result).to_be_focused()
    expect(settings_page.steps.locator("b")).to_have_text(
        ["Name found", "Connected", "Encrypted", "Signed in", "Sender accepted"]
    )
    expect(settings_page.steps.locator(".state")).to_have_text(["passed", "passed", "not used", "passed", "passed"])
    assert server.messages == []


def test_the_failed_step_has_the_focus_and_says_why(settings_page, server):
    server.on("auth", say="535 5.7.8 Authentication credentials invalid", times=9)
    settings_page.test_button.click()
    failed = settings_page.steps.nth(3)
    expect(failed).to_be_focused()
    expect(failed).to_contain_text("The mail server did not accept the password.")
    expect(settings_page.steps.nth(4)).to_contain_text("not tried")


def test_a_second_test_replaces_the_first_result(settings_page, server):
    server.on("auth", say="454 4.7.0 not now")
    settings_page.test_button.click()
    expect(settings_page.steps.nth(3)).to_be_focused()
    settings_page.test_button.click()
    expect(settings_page.result).to_be_focused()
    expect(settings_page.steps).to_have_count(5)


def test_settings_show_health_and_the_audit_trail(settings_page, installation, root):
    expect(settings_page.condition("Database")).to_contain_text("Healthy")
    expect(settings_page.condition("Reports")).to_contain_text("The web process does them itself. Nothing waits.")
    with installation.write() as conn, origin.acting(origin.of_person(root)):
        for number in range(51):
            trail.record(conn, AuditAction.ADD, Target(TargetKind.TOKEN, number, f"no. {number}"))
    settings_page.open()
    expect(settings_page.audit).to_have_count(50)
    settings_page.older()
    expect(settings_page.audit).to_have_count(1)
    expect(settings_page.audit).to_contain_text("Rut Admin <root@example.com> added the token no. 0")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_no_violation_in_a_failed_test(open_window, root, server, theme, width):
    server.on("mail", say="553 5.7.1 not yours")
    window: Page = open_window(root, bypass_csp=True, viewport={"width": width, "height": 900}, color_scheme=theme)
    page = SettingsPage(window).open()
    page.test_button.click()
    expect(page.steps.nth(4)).to_be_focused()
    assert window.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert Axe().run(window).response["violations"] == []
