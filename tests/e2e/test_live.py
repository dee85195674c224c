"""The log and the task page while tasks change: nothing moves, closes or loses the focus."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete, update

from tests.e2e.pages.home import Home
from tests.e2e.pages.tasks import TaskPage, TasksPage
from tests.factories import make_delivery, make_task
from webapp.clock import now
from webapp.db import schema
from webapp.db.connect import mark_changed
from webapp.settings import Settings

EMAIL = {"to": ["bob@example.com"], "subject": "Order", "body": "Ready"}


@pytest.fixture
def settings(tmp_path: Path, settings: Settings) -> Settings:
    """Nothing runs here: tasks are in the state that a test puts them in."""
    return Settings(data_dir=settings.data_dir, timezone="Europe/Madrid")


@pytest.fixture
def running(installation, ana) -> int:
    with installation.write() as conn:
        return make_task(conn, ana, "running", kind="self-test", title="Self-test", progress_words="1 of 9 s")


def change(installation, task_id: int, **values) -> None:
    with installation.write() as conn:
        conn.execute(update(schema.task).where(schema.task.c.id == task_id).values(**values))
        mark_changed(conn)


def end_sessions(installation) -> None:
    with installation.write() as conn:
        conn.execute(delete(schema.session))
        mark_changed(conn)


def test_an_open_row_stays_open_while_the_log_updates(page, installation, running):
    home = Home(page).open()
    row = home.log.row(running)
    row.open()
    change(installation, running, state="done", outcome="It went well.", finished=now())
    expect(row.state).to_have_text("done")
    expect(row.details).to_have_attribute("open", "")
    expect(row.telling).to_contain_text("It went well.")


def test_a_poll_never_moves_the_focus(page, installation, running):
    home = Home(page).open()
    row = home.log.row(running)
    row.title.focus()
    change(installation, running, progress_words="5 of 9 s")
    expect(row.telling).to_contain_text("5 of 9 s")
    expect(row.title).to_be_focused()


def test_when_a_poll_removes_the_focused_button_its_row_takes_the_focus(page, installation, running):
    home = Home(page).open()
    row = home.log.row(running)
    row.button("Cancel").focus()
    change(installation, running, requested="cancel", requested_by="Ana Ruiz")
    expect(row.beside).to_have_text("stopping…")
    expect(row.root).to_be_focused()


def test_tasks_from_other_windows_appear_and_the_rail_counts_them(page, installation, ana):
    home = Home(page).open()
    with installation.write() as conn:
        task_id = make_task(conn, ana, "running")
    page.evaluate("document.getElementById('task-log').dispatchEvent(new Event('look-again'))")
    expect(home.log.row(task_id).state).to_have_text("running")
    change(installation, task_id, state="failed", outcome="No.", finished=now())
    expect(home.log.row(task_id).state).to_have_text("failed")
    expect(home.needs_you).to_have_text("1 need you")


def test_only_the_end_of_ones_own_task_is_announced_and_only_once(page, installation, running, root):
    with installation.write() as conn:
        make_task(conn, root, "running", title="Not yours")
    home = Home(page).open()
    change(installation, running, state="failed", outcome="No.", finished=now())
    expect(home.spoken).to_have_text("1 task failed: Self-test")


def test_progress_is_never_announced(page, installation, running):
    home = Home(page).open()
    change(installation, running, progress_words="5 of 9 s")
    expect(home.log.row(running).telling).to_contain_text("5 of 9 s")
    expect(home.spoken).to_have_text("")


def test_three_failed_polls_show_a_note_that_a_working_poll_removes(page, installation, running):
    home = Home(page).open()
    page.route("**/tasks/log*", lambda route: route.fulfill(status=500))
    note = page.locator("#live-note")
    expect(note).to_have_text(re.compile(r"^Live updates stopped at \d\d:\d\d\. Trying again\.$"))
    expect(home.log.row(running).root).to_be_visible()
    page.unroute("**/tasks/log*")
    expect(note).to_have_count(0)
    change(installation, running, state="done", finished=now())
    expect(home.log.row(running).state).to_have_text("done")


def test_a_poll_without_a_session_shows_a_note_and_stays_on_the_page(page, installation, running):
    home = Home(page).open()
    end_sessions(installation)
    expect(page.locator("#live-note")).to_have_text("You were signed out. Sign in in a new tab, then go on here.")
    expect(home.log.row(running).root).to_be_visible()
    assert page.url.endswith("/")


def test_undo_that_comes_too_late_is_explained_and_cancel_has_the_focus(page, installation, ana):
    later = now() + timedelta(hours=1)
    with installation.write() as conn:
        task_id = make_task(conn, ana, "waiting", kind="email", form=EMAIL, not_before=later, undo_until=later)
    home = Home(page).open()
    row = home.log.row(task_id)
    page.route("**/tasks/log*", lambda route: route.fulfill(status=204))
    change(installation, task_id, state="running", started=now())
    row.button("Undo").click()
    expect(row.telling).to_contain_text("It is already going.")
    expect(row.button("Cancel")).to_be_focused()


def test_when_the_undo_window_closes_the_row_offers_cancel(page, installation, ana):
    soon = now() + timedelta(seconds=4)
    with installation.write() as conn:
        task_id = make_task(conn, ana, "waiting", kind="email", form=EMAIL, not_before=soon, undo_until=soon)
    row = Home(page).open().log.row(task_id)
    expect(row.button("Undo")).to_be_visible()
    expect(row.button("Cancel")).to_be_visible()


def test_a_press_without_an_answer_is_explained_beside_the_button(page, installation, running):
    row = Home(page).open().log.row(running)
    page.route("**/cancel", lambda route: route.abort())
    row.button("Cancel").click()
    expect(row.root.get_by_role("alert")).to_have_text("Outtray did not answer. Press again.")


@pytest.mark.parametrize("window", ["page", "plain_page"])
def test_cancelling_a_run_in_the_middle_asks_first(request, installation, ana, window):
    page = request.getfixturevalue(window)
    with installation.write() as conn:
        task_id = make_task(conn, ana, "running", kind="email", form=EMAIL, expanded=True, progress_total=3)
        for number in range(3):
            make_delivery(conn, task_id, f"c{number}@example.com", "sent" if number else "waiting")
    home = Home(page).open()
    home.log.row(task_id).button("Cancel").click()
    expect(page.get_by_text("2 are sent and cannot be taken back. 1 will not be sent.")).to_be_visible()
    page.get_by_role("button", name="Stop sending").click()
    expect(home.log.row(task_id).beside).to_have_text("stopping…")


def test_the_task_search_follows_typing_and_keeps_the_focus(page, installation, ana):
    with installation.write() as conn:
        make_task(conn, ana, title="Price list for Lopez")
        make_task(conn, ana, title="Stock report")
    tasks = TasksPage(page).open()
    page.keyboard.press("/")
    expect(tasks.search).to_be_focused()
    page.keyboard.type("lopez")
    expect(tasks.log.rows).to_have_count(1)
    expect(tasks.found).to_have_text("1 task")
    expect(tasks.search).to_be_focused()
    expect(tasks.search).to_have_value("lopez")
    page.keyboard.type("x")
    expect(tasks.log.root).to_contain_text("No task matches “lopezx”.")
    assert page.url.endswith("/tasks?q=lopezx")
    page.get_by_role("link", name="Clear the search").click()
    expect(tasks.log.rows).to_have_count(2)


def test_the_search_works_without_javascript(plain_page, installation, ana):
    with installation.write() as conn:
        make_task(conn, ana, title="Price list for Lopez")
        make_task(conn, ana, title="Stock report")
    tasks = TasksPage(plain_page).open()
    tasks.search.fill("lopez")
    plain_page.get_by_role("button", name="Search").click()
    expect(tasks.log.rows).to_have_count(1)


@pytest.mark.parametrize("window", ["page", "plain_page"])
def test_after_a_press_on_a_task_page_its_state_has_the_focus(request, installation, ana, window):
    page = request.getfixturevalue(window)
    with installation.write() as conn:
        task_id = make_task(conn, ana, "failed", kind="self-test", outcome="It failed.")
    shown = TaskPage(page)
    shown.open(f"/tasks/{task_id}")
    shown.button("Retry").click()
    expect(shown.state).to_contain_text("waiting")
    expect(shown.state).to_be_focused()


def test_a_task_page_follows_its_task(page, installation, running):
    shown = TaskPage(page)
    shown.open(f"/tasks/{running}")
    change(installation, running, state="done", outcome="The self-test passed.", finished=now())
    expect(shown.state).to_have_text("done")
    expect(shown.outcome).to_contain_text("The self-test passed.")


def test_the_rail_keeps_its_names_on_a_narrow_page(page):
    page.set_viewport_size({"width": 390, "height": 800})
    home = Home(page).open()
    for name in ("Home", "Tasks", "Files"):
        expect(home.rail.get_by_role("link", name=name)).to_be_visible()
    expect(page.get_by_role("link", name="Account")).to_be_visible()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_skip_to_content_is_the_first_tab_stop(page):
    Home(page).open()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_signing_out_leads_to_sign_in(page, root):
    Home(page).open().sign_out()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
