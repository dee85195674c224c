"""Starting tasks: the page that follows, undo, missing answers, and the same without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.pages.forms import EmailForm, NotificationForm, ReportForm
from tests.e2e.pages.home import Home
from webapp.db import schema

POSTED = re.compile(r"/new/notification\?")
WORDS = "Outtray did not answer. What you typed is still here. Press again: it cannot start twice."


def started(installation) -> list[int]:
    with installation.read() as conn:
        return list(conn.execute(schema.task.select().order_by(schema.task.c.id)).scalars())


def send(page, **texts: str) -> NotificationForm:
    form = NotificationForm(page)
    form.open()
    form.fill(**{"Message": "The lift works again", **texts})
    form.press()
    page.wait_for_url(re.compile(r"/#task-\d+$"))
    return form


@pytest.mark.parametrize("window", ["page", "plain_page"])
def test_a_start_leads_to_home_with_the_row_focused_and_undo_next(request, installation, window):
    page = request.getfixturevalue(window)
    send(page)
    (task_id,) = started(installation)
    row = Home(page).log.row(task_id)
    expect(row.root).to_be_focused()
    expect(row.root).to_be_in_viewport()
    page.keyboard.press("Tab")
    expect(row.button("Undo")).to_be_focused()


@pytest.mark.parametrize("window", ["page", "plain_page"])
def test_undo_says_that_nothing_was_sent_and_offers_to_change_the_form(request, installation, window):
    page = request.getfixturevalue(window)
    send(page)
    row = Home(page).log.row(started(installation)[0])
    row.button("Undo").click()
    expect(row.telling).to_contain_text("Taken back. Nothing was sent.")
    again = row.link("Change and send again")
    expect(again).to_be_focused()
    again.click()
    expect(NotificationForm(page).field("Message")).to_have_value("The lift works again")


def test_the_countdown_ends_and_the_task_runs(page, installation):
    send(page)
    row = Home(page).log.row(started(installation)[0])
    expect(row.beside).to_have_text(re.compile(r"^Goes in \d+ s$"))
    expect(row.state).to_have_text("done", timeout=20_000)
    expect(row.link("Run again")).to_be_visible()
    expect(Home(page).spoken).to_have_text("1 task done: Notification for everyone")


def test_a_notification_reaches_the_log_file_of_the_article(page, installation):
    send(page, **{"For whom": "ana@example.com"})
    row = Home(page).log.row(started(installation)[0])
    expect(row.state).to_have_text("done", timeout=20_000)
    assert "notification for ana@example.com: The lift works again" in (installation.data_dir / "log.txt").read_text()


def test_a_refused_form_focuses_the_field_and_keeps_typed_values(page):
    form = EmailForm(page).open()
    form.fill(Send_to="bob@example", Subject="Hello", Message="Dear Bob")
    form.press()
    expect(form.error("to")).to_have_text("“bob@example” has no ending such as .com.")
    expect(form.field("Send to")).to_be_focused()
    expect(form.field("Message")).to_have_value("Dear Bob")


@pytest.mark.parametrize("window", ["page", "plain_page"])
def test_several_errors_have_a_summary_that_takes_the_focus(request, window):
    form = EmailForm(request.getfixturevalue(window)).open()
    form.press()
    expect(form.summary).to_be_focused()
    form.summary.get_by_role("link", name="Subject").click()
    expect(form.field("Subject")).to_be_focused()


@pytest.mark.parametrize("failure", ["no answer", "a 5xx"])
def test_a_missing_answer_is_explained_and_nothing_is_lost_or_started_twice(page, installation, failure):
    form = NotificationForm(page).open()
    form.fill(Message="The lift works again")
    deny = (lambda route: route.abort()) if failure == "no answer" else (lambda route: route.fulfill(status=503))
    page.route(POSTED, deny)
    form.press()
    expect(form.answer).to_have_text(WORDS)
    expect(form.answer).to_be_focused()
    expect(form.field("Message")).to_have_value("The lift works again")
    page.unroute(POSTED)
    form.press()
    page.wait_for_url(re.compile(r"/#task-\d+$"))
    assert len(started(installation)) == 1


def test_a_lost_answer_does_not_start_a_second_task(page, installation):
    form = NotificationForm(page).open()
    form.fill(Message="The lift works again")
    page.route(POSTED, lambda route: (route.fetch(), route.abort()))
    form.press()
    expect(form.answer).to_have_text(WORDS)
    page.unroute(POSTED)
    form.press()
    page.wait_for_url(re.compile(r"/#task-\d+$"))
    assert len(started(installation)) == 1


@pytest.mark.parametrize("window", ["page", "plain_page"])
def test_going_back_and_pressing_again_starts_no_second_task(request, installation, window):
    page = request.getfixturevalue(window)
    send(page)
    page.go_back()
    form = NotificationForm(page)
    form.field("Message").fill("The lift works again")
    form.press()
    page.wait_for_url(re.compile(r"/#task-\d+$"))
    assert len(started(installation)) == 1


def test_a_report_from_an_uploaded_file_is_made_and_downloaded(page, installation, clients_csv):
    form = ReportForm(page).open()
    form.choose_file(clients_csv)
    expect(form.columns.get_by_role("checkbox")).to_have_count(3)
    form.columns.get_by_role("checkbox", name="City").check()
    form.field("File type").select_option("csv")
    form.fill(File_name="cities")
    form.press()
    page.wait_for_url(re.compile(r"/#task-\d+$"))
    row = Home(page).log.row(started(installation)[0])
    expect(row.state).to_have_text("done", timeout=30_000)
    with page.expect_download() as download:
        row.link("Download cities.csv").click()
    assert download.value.path().read_text().splitlines() == ["City", "Lugo", "Bonn"]


def test_a_report_can_be_made_without_javascript(plain_page, installation, clients_csv):
    form = ReportForm(plain_page).open()
    form.choose_file(clients_csv)
    form.fill(File_name="cities")
    form.show_columns()
    expect(form.field("File name")).to_have_value("cities")
    form.columns.get_by_role("checkbox", name="City").check()
    form.press()
    row = Home(plain_page).log.row(started(installation)[0])
    expect(row.title).to_have_text("Report: cities")
    expect(plain_page.get_by_role("link", name="Refresh")).to_be_visible()


def test_an_upload_stays_chosen_after_an_error(page, clients_csv):
    form = ReportForm(page).open()
    form.choose_file(clients_csv)
    expect(form.columns).to_be_visible()
    form.fill(File_name="x" * 300)
    form.press()
    expect(form.error("name")).to_be_visible()
    expect(form.chosen).to_have_value(re.compile("^u-"))
    assert page.locator("#data-file").input_value() == ""


def test_a_file_that_is_not_a_table_is_explained_beside_its_field(page, tmp_path):
    photo = tmp_path / "photo.csv"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(900))
    form = ReportForm(page).open()
    form.fill(File_name="kept")
    form.choose_file(photo)
    expect(form.error("data")).to_contain_text("photo.csv")
    expect(form.field("File name")).to_have_value("kept")


def test_a_file_can_be_dropped(page):
    form = ReportForm(page).open()
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["Name,City\\nAna,Lugo\\n"], "dropped.csv", { type: "text/csv" }));
            const area = document.querySelector("[data-drop]");
            for (const name of ["dragenter", "dragover", "drop"])
                area.dispatchEvent(new DragEvent(name, { dataTransfer: data, bubbles: true, cancelable: true }));
        }"""
    )
    expect(form.columns.get_by_role("checkbox")).to_have_count(2)


def test_a_file_over_the_limit_is_not_uploaded(page, installation, tmp_path):
    form = ReportForm(page).open()
    page.locator("#data-file").evaluate("input => { input.dataset.maxBytes = '10' }")
    big = tmp_path / "big.csv"
    big.write_text("Name,City\nAna,Lugo\n")
    form.choose_file(big)
    expect(page.get_by_role("alert")).to_have_text("This file is larger than 200 MB, the limit of this panel.")
    assert page.locator("#data-file").input_value() == ""


def test_an_ended_session_is_explained_beside_the_button(page, installation):
    form = NotificationForm(page).open()
    form.fill(Message="The lift works again")
    page.context.clear_cookies()
    form.press()
    expect(form.answer).to_have_text("You were signed out. Sign in in a new tab, then go on here.")
    expect(form.field("Message")).to_have_value("The lift works again")
