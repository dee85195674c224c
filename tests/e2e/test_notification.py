"""An admin connects a channel, a message reaches it, and a colleague finds it in the inbox; in two browsers."""

import pytest
from playwright.sync_api import Page, expect

from tests.factories import make_person
from tests.notify.targets import Hook
from tests.waiting import until


@pytest.fixture
def settings(settings):
    """Without an undo window."""
    return settings.model_copy(update={"undo_seconds": 0})


@pytest.fixture
def hook():
    with Hook() as running:
        yield running


@pytest.fixture
def ben(installation):
    with installation.write() as conn:
        return make_person(conn, installation.settings, email="ben@example.com", name="Ben")


def connect(page: Page, hook: Hook) -> None:
    page.goto("/settings")
    page.get_by_role("link", name="Channels", exact=True).last.click()
    page.get_by_label("Service").select_option("Webhook (JSON)")
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Name", exact=True).fill("Warehouse chat")
    page.get_by_label("Address of the webhook").fill(f"http://127.0.0.1:{hook.port}/s3cret-path")
    page.get_by_label("It may be in the office's own network").check()
    page.get_by_role("button", name="Test", exact=True).last.click()
    expect(page.get_by_text("accepted it")).to_be_visible(timeout=30_000)
    assert "s3cret" not in page.content()
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_role("region", name="Channels")).to_contain_text("Warehouse chat", timeout=30_000)
    assert "s3cret" not in page.content()


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_channel_is_connected_and_a_message_reaches_it_and_a_colleague(
    open_window, installation, root, ana, ben, hook, scripts
):
    connect(open_window(root, java_script_enabled=scripts), hook)
    page = open_window(ana, java_script_enabled=scripts)
    page.goto("/new/notification")
    page.get_by_label("Message", exact=True).fill("The lorry comes **at nine**.")
    page.get_by_label("Warehouse chat").check()
    page.get_by_role("checkbox", name="Log file").uncheck()
    page.get_by_label("Ben").check()
    if not scripts:
        page.get_by_role("button", name="Show preview").click()
    expect(page.get_by_role("region", name="Warehouse chat").locator("strong")).to_have_text("at nine")
    page.get_by_role("button", name="Send notification", exact=True).click()
    until(lambda: hook.count("/s3cret-path") == 2, 20)  # the test, and this
    theirs = open_window(ben, java_script_enabled=scripts)
    theirs.goto("/inbox")
    expect(theirs.locator("#unread")).to_contain_text("1")
    expect(theirs.get_by_role("region", name="Inbox")).to_contain_text("The lorry comes at nine.")
    theirs.get_by_role("button", name="Mark as read").click()
    expect(theirs.locator("#unread")).to_be_hidden()


def test_only_the_refused_channel_is_retried(page, installation, root, ana, hook, open_window):
    connect(open_window(root), hook)
    hook.on("/s3cret-path", status=404, times=1)
    page.goto("/new/notification")
    page.get_by_label("Message", exact=True).fill("The lorry is late.")
    page.get_by_label("Warehouse chat").check()
    page.get_by_role("button", name="Send notification", exact=True).click()
    row = page.get_by_role("listitem").filter(has_text="Notification for everyone")
    expect(row).to_contain_text("needs attention", timeout=20_000)
    row.get_by_role("button", name="Retry 1 failed").click()
    expect(row).to_contain_text("done", timeout=20_000)
    assert hook.count("/s3cret-path") == 2
    assert (installation.data_dir / "log.txt").read_text().count("The lorry is late.") == 1
