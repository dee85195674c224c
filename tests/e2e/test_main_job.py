"""The main job from end to end: `outtray serve` in an empty folder, the one-time link, a browser, a report."""

import io
import re
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.pages.forms import EmailForm, NotificationForm, ReportForm
from tests.e2e.pages.home import Home
from tests.serving import PASSWORD, Serving


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_new_person_starts_all_three_kinds_and_downloads_the_report(
    browser: Browser, tmp_path: Path, clients_csv: Path, scripts: bool
):
    serving = Serving(tmp_path, OUTTRAY_UNDO_SECONDS="1").start()
    context = browser.new_context(base_url=serving.url, java_script_enabled=scripts, accept_downloads=True)
    try:
        page = context.new_page()
        page.goto(re.search(r"http://\S+/setup/\S+", serving.log.read_text())[0].replace("localhost", "127.0.0.1"))
        page.get_by_label("Name").fill("Ana Ruiz")
        page.get_by_label("Email").fill("ana@example.com")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Create admin").click()
        expect(page.get_by_role("heading", name="Before colleagues start")).to_be_visible()

        NotificationForm(page).open().fill(Message="The parcel is here").press()
        page.wait_for_url("**/#task-1")
        EmailForm(page).open().fill(Send_to="bob@example.com", Subject="Hello", Message="Dear *Bob*").press()
        page.wait_for_url("**/#task-2")
        form = ReportForm(page).open()
        form.choose_file(clients_csv)
        form.press()
        page.wait_for_url("**/#task-3")

        home = Home(page)
        for number, state in ((1, "done"), (2, "needs attention"), (3, "done")):
            _wait_for(home, scripts, f"#task-{number} .state", state)
        with page.expect_download() as download:
            page.get_by_role("link", name="Download clients.xlsx").click()
        sheet = openpyxl.load_workbook(io.BytesIO(download.value.path().read_bytes())).worksheets[0]
        rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
        assert rows == [["Name", "City", "Amount"], ["Ana", "Lugo", 12.5], ["Bob", "Bonn", 7.25]]
        assert "notification for" in (serving.data / "log.txt").read_text()
        assert len(list((serving.data / "outbox").glob("*.eml"))) == 1
    finally:
        context.close()
        serving.stop()


def _wait_for(home: Home, scripts: bool, selector: str, text: str) -> None:
    """Waits for the log to show it; without JavaScript the page is reloaded, as a person would do."""
    chip = home.page.locator(selector)
    for _ in range(1 if scripts else 30):
        if not scripts:
            home.open()
        if scripts or text in (chip.text_content() or ""):
            break
        home.page.wait_for_timeout(500)
    expect(chip).to_contain_text(text, timeout=20_000)
