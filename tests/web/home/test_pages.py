"""Home: the three starts, the log with its rows, and the steps before colleagues start."""

from datetime import timedelta

import pytest

from tests.factories import make_file, make_person, make_task
from tests.html import Element, read
from webapp.clock import now

EMAIL = {"to": ["bob@example.com"], "subject": "Hello", "body": "Hello"}


def home(browser, path: str = "/") -> Element:
    answer = browser.get(path)
    assert answer.status_code == 200
    return read(answer.text)


def task(installation, owner, state: str = "done", **columns) -> int:
    with installation.write() as conn:
        return make_task(conn, owner, state, **columns)


def actions(page: Element, task_id: int) -> list[str]:
    row = page.one("li", id=f"task-{task_id}")
    return [one.text for one in row.all("button") + row.all("a", class_="button")]


def test_the_three_starts_are_links_named_by_their_heading_alone(signed_in):
    page = home(signed_in)
    links = [link for link in page.all("a") if link.attributes.get("href", "").startswith("/new/")]
    assert [link.text for link in links] == ["Send a notification", "Send an email", "Make a report"]
    assert all(page.one(id=link["aria-describedby"]).text for link in links)


def test_the_page_has_one_heading_that_is_its_title(signed_in):
    page = home(signed_in)
    assert page.one("h1").text == "What would you like to do?"
    assert page.one("title").text == "What would you like to do? – Outtray"


def test_an_empty_log_says_what_will_be_there(signed_in):
    log = home(signed_in).one("section", id="task-log")
    assert "Nothing here yet. What you start appears here, even after you leave." in log.text


def test_the_log_polls_for_itself_quickly_while_a_task_is_active_and_slowly_otherwise(signed_in, installation, ana):
    slow = home(signed_in).one("section", id="task-log")
    task(installation, ana, "running")
    quick = home(signed_in).one("section", id="task-log")
    assert slow["hx-get"] == "/tasks/log?seen=0" or slow["hx-get"].startswith("/tasks/log?seen=")
    assert slow["hx-trigger"].startswith("every 20s,")
    assert quick["hx-trigger"].startswith("every 2s,")
    assert quick["aria-label"] == "Task log"


def test_staff_see_their_own_tasks_and_admins_everybodys(signed_in, admin, installation, ana):
    with installation.write() as conn:
        ben = make_person(conn, installation.settings, "ben@example.com")
        theirs = make_task(conn, ben, "done", title="Report of Ben")
    mine = task(installation, ana, title="Report of Ana")
    staff, everyone = home(signed_in), home(admin)
    assert [row["id"] for row in staff.all("li", class_="row")] == [f"task-{mine}"]
    assert {row["id"] for row in everyone.all("li", class_="row")} == {f"task-{mine}", f"task-{theirs}"}
    assert "Your tasks" in staff.text
    assert "Everyone’s tasks" in everyone.text


@pytest.mark.parametrize(
    ("state", "columns", "expected"),
    [
        ("waiting", {"undo_until": now() + timedelta(hours=1)}, ["Undo"]),
        ("waiting", {}, ["Cancel"]),
        ("running", {"kind": "self-test"}, ["Cancel"]),
        ("running", {"kind": "email", "progress_total": 40}, ["Pause", "Cancel"]),
        ("running", {"requested": "cancel"}, []),
        ("held", {"hold_reason": "restored"}, ["Open"]),
        ("held", {"hold_reason": "paused"}, ["Resume", "Cancel"]),
        ("done", {}, ["Run again"]),
        ("cancelled", {}, ["Run again"]),
        ("cancelled", {"cause": "undone"}, ["Change and send again"]),
        ("failed", {"fault": "server"}, ["Retry"]),
    ],
)
def test_a_row_offers_what_makes_sense_in_its_state(signed_in, installation, ana, state, columns, expected):
    task_id = task(installation, ana, state, **columns)
    assert actions(home(signed_in), task_id) == expected


def test_a_task_whose_form_was_at_fault_can_be_changed(signed_in, installation, ana):
    task_id = task(installation, ana, "failed", kind="report", fault="form", form={"data": "sales"})
    page = home(signed_in)
    assert "Change and run again" in actions(page, task_id)
    assert page.one("a", id=f"task-{task_id}-again")["href"] == f"/new/report?from={task_id}"


def test_every_button_of_a_row_points_to_the_title_of_its_task(signed_in, installation, ana):
    task_id = task(installation, ana, "failed", title="Stock report")
    page = home(signed_in)
    button = page.one("button", id=f"task-{task_id}-retry")
    assert page.one(id=button["aria-describedby"]).text == "Stock report"


def test_undo_comes_before_the_title_so_that_it_is_the_next_tab_stop(signed_in, installation, ana):
    task_id = task(installation, ana, "waiting", undo_until=now() + timedelta(hours=1))
    row = home(signed_in).one("li", id=f"task-{task_id}")
    stops = [one for one in row.all() if one.tag in ("a", "button", "summary")]
    assert stops[0].text == "Undo"
    assert row["tabindex"] == "-1"


def test_a_waiting_task_says_when_it_goes_in_the_viewers_zone(signed_in, installation, ana):
    moment = now() + timedelta(minutes=5)
    task_id = task(installation, ana, "waiting", not_before=moment, undo_until=moment)
    row = home(signed_in).one("li", id=f"task-{task_id}")
    local = moment.astimezone(ana.zone)
    assert f"Goes at {local:%H:%M:%S}" in row.text


def test_files_are_links_that_say_download(signed_in, installation, ana, tmp_path):
    with installation.write() as conn:
        task_id = make_task(conn, ana, "done", kind="report")
        make_file(conn, installation.store, task_id, ana, tmp_path, "sales.xlsx")
    links = [link.text for link in home(signed_in).all("a", class_="button file")]
    assert links == ["Download sales.xlsx"]


def test_progress_says_itself_in_words_and_how_long_it_will_take(signed_in, installation, ana):
    task_id = task(
        installation,
        ana,
        "running",
        kind="email",
        started=now() - timedelta(minutes=4),
        progress_done=800,
        progress_total=1200,
        progress_words="800 of 1,200 sent",
    )
    row = home(signed_in).one("li", id=f"task-{task_id}")
    bar = row.one("progress")
    assert (bar["value"], bar["max"], bar["aria-valuetext"]) == ("800", "1200", "800 of 1,200 sent")
    assert "about 2 minutes left" in row.text


def test_the_filters_count_and_filter(signed_in, installation, ana):
    failed, _ = task(installation, ana, "failed"), task(installation, ana, "done")
    page = home(signed_in, "/?state=failed")
    chips = {chip.text: chip for chip in page.all("a", class_="chip")}
    assert list(chips) == ["All", "Running 0", "Needs attention 0", "Failed 1"]
    assert chips["Failed 1"]["aria-current"] == "true"
    assert [row["id"] for row in page.all("li", class_="row")] == [f"task-{failed}"]
    assert page.one(id="task-log")["hx-get"].endswith("&state=failed")


def test_fifty_tasks_make_a_page_and_the_rest_is_older(signed_in, installation, ana):
    ids = [task(installation, ana) for _ in range(53)]
    page = home(signed_in)
    assert len(page.all("li", class_="row")) == 50
    older = home(signed_in, page.one("a", id="older")["href"])
    assert [row["id"] for row in older.all("li", class_="row")] == [f"task-{one}" for one in reversed(ids[:3])]


def test_the_rail_counts_what_needs_somebody(signed_in, installation, ana):
    task(installation, ana, "failed")
    task(installation, ana, "attention")
    task(installation, ana, "failed", acknowledged_at=now())
    count = home(signed_in).one(id="need-you")
    assert count.one("span", class_="unseen").text == "2 need you"


def test_only_admins_see_people_in_the_rail(signed_in, admin):
    def names(browser) -> list[str]:
        return [link.text for link in home(browser).one("nav", aria_label="Main").all("a")]

    assert [name.split()[0] for name in names(signed_in)] == ["Home", "Tasks", "Inbox", "Files"]
    assert "People" in names(admin)


def test_the_steps_before_colleagues_start_can_be_skipped_for_good(admin):
    page = home(admin)
    assert page.one("h2", id="before").text == "Before colleagues start"
    for step in ("mail", "channel", "people"):
        assert admin.post(f"/before/{step}/skip").headers["location"] == "/#before"
    assert not home(admin).all(id="before")


def test_straight_after_the_set_up_the_steps_have_the_focus(admin):
    assert "autofocus" in home(admin, "/?first=1").one("h2", id="before")
    assert "autofocus" not in home(admin).one("h2", id="before")


def test_staff_are_not_shown_the_steps_of_admins(signed_in):
    assert not home(signed_in).all(id="before")


def test_html_in_a_title_is_text(signed_in, installation, ana):
    task(installation, ana, title="<script>alert(1)</script>")
    assert "<script>alert" not in signed_in.get("/").text
