"""The list of tasks, the page of one, and what people press there."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from tests.factories import make_delivery, make_file, make_person, make_task
from tests.html import Element, read
from webapp.clock import now
from webapp.db import schema

EMAIL = {"to": ["bob@example.com"], "subject": "Order", "body": "Ready"}
HTMX = {"HX-Request": "true"}


def page(browser, path: str) -> Element:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return read(answer.text)


def new(installation, owner, state: str = "done", **columns) -> int:
    with installation.write() as conn:
        return make_task(conn, owner, state, **columns)


def state_of(installation, task_id: int) -> str:
    with installation.read() as conn:
        return conn.execute(select(schema.task.c.state).where(schema.task.c.id == task_id)).scalar_one()


def undoable(installation, owner, **columns) -> int:
    later = now() + timedelta(hours=1)
    return new(installation, owner, "waiting", not_before=later, undo_until=later, kind="email", form=EMAIL, **columns)


def run(installation, owner, sent: int, waiting: int, **columns) -> int:
    """A mail run in the middle of its way."""
    with installation.write() as conn:
        values = {"kind": "email", "form": EMAIL, "expanded": True, "progress_total": sent + waiting, **columns}
        task_id = make_task(
            conn, owner, columns.pop("state", "running"), **{k: v for k, v in values.items() if k != "state"}
        )
        for number in range(sent + waiting):
            make_delivery(conn, task_id, f"c{number}@example.com", "sent" if number < sent else "waiting")
    return task_id


class TestActions:
    """Buttons: done, answered where they were pressed, refused in plain words."""

    def test_undo_takes_it_back_and_the_way_to_change_it_has_the_focus(self, signed_in, installation, ana):
        task_id = undoable(installation, ana)
        answer = signed_in.post(f"/tasks/{task_id}/undo", data={"back": "/"})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/#task-{task_id}-again")
        row = page(signed_in, "/").one("li", id=f"task-{task_id}")
        assert "Taken back. Nothing was sent." in row.text
        assert row.one("a", id=f"task-{task_id}-again").text == "Change and send again"
        assert row.one("a", id=f"task-{task_id}-again")["href"] == f"/new/email?from={task_id}"

    def test_htmx_gets_the_log_with_the_focus_marked(self, signed_in, installation, ana):
        task_id = undoable(installation, ana)
        answer = signed_in.post(f"/tasks/{task_id}/undo", data={"back": "/?state=cancelled"}, headers=HTMX)
        log = read(answer.text).one("section", id="task-log")
        assert "autofocus" in log.one("a", id=f"task-{task_id}-again")
        assert "state=cancelled" in log["hx-get"]

    def test_undo_that_comes_too_late_says_so_beside_the_row_and_focuses_cancel(self, signed_in, installation, ana):
        task_id = new(installation, ana, "running", kind="email", form=EMAIL)
        answer = signed_in.post(f"/tasks/{task_id}/undo", data={"back": "/"})
        assert answer.headers["location"] == f"/#task-{task_id}-cancel"
        assert "It is already going." in page(signed_in, "/").one("li", id=f"task-{task_id}").text
        assert "It is already going." not in page(signed_in, "/").text

    def test_undo_of_what_has_ended_focuses_its_row(self, signed_in, installation, ana):
        task_id = new(installation, ana, "done", kind="email", form=EMAIL)
        answer = signed_in.post(f"/tasks/{task_id}/undo", data={"back": "/"}, headers=HTMX)
        row = read(answer.text).one("li", id=f"task-{task_id}")
        assert "autofocus" in row
        assert row.one(role="alert").text == "It is already going."

    @pytest.mark.parametrize(
        ("state", "columns", "action", "then"),
        [
            ("waiting", {}, "cancel", "cancelled"),
            ("waiting", {}, "pause", "held"),
            ("held", {"hold_reason": "paused"}, "resume", "waiting"),
            ("held", {"hold_reason": "restored"}, "release", "waiting"),
            ("failed", {}, "retry", "waiting"),
            ("running", {"kind": "self-test"}, "cancel", "running"),
        ],
    )
    def test_each_button_does_what_it_says(self, signed_in, installation, ana, state, columns, action, then):
        task_id = new(installation, ana, state, **columns)
        answer = signed_in.post(f"/tasks/{task_id}/{action}", data={"back": f"/tasks/{task_id}"})
        assert answer.headers["location"] == f"/tasks/{task_id}#state"
        assert state_of(installation, task_id) == then

    def test_a_running_task_that_was_cancelled_is_stopping(self, signed_in, installation, ana):
        task_id = new(installation, ana, "running", kind="self-test")
        signed_in.post(f"/tasks/{task_id}/cancel", data={"back": "/"})
        row = page(signed_in, "/").one("li", id=f"task-{task_id}")
        assert "stopping…" in row.text
        assert not row.all("button")

    def test_what_is_refused_is_said_on_the_page_of_the_task(self, signed_in, installation, ana):
        task_id = new(installation, ana, "done")
        answer = signed_in.post(f"/tasks/{task_id}/cancel", headers=HTMX)
        live = read(answer.text).one(id="task-live")
        assert "there is nothing to cancel" in live.one(role="alert").text
        assert "autofocus" in live.one(id="state")

    def test_nobody_can_press_on_somebody_elses_task(self, signed_in, installation):
        with installation.write() as conn:
            ben = make_person(conn, installation.settings, "ben@example.com")
            task_id = make_task(conn, ben, "failed")
        assert signed_in.post(f"/tasks/{task_id}/retry", data={"back": "/"}).status_code == 404
        assert state_of(installation, task_id) == "failed"

    def test_an_admin_can_press_on_everybodys(self, admin, installation, ana):
        task_id = new(installation, ana, "failed")
        assert admin.post(f"/tasks/{task_id}/retry", data={"back": "/"}).status_code == 303
        assert state_of(installation, task_id) == "waiting"

    @pytest.mark.parametrize(
        "back", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""]
    )
    def test_the_way_back_never_leads_to_another_site(self, signed_in, installation, ana, back):
        task_id = new(installation, ana, "failed")
        answer = signed_in.post(f"/tasks/{task_id}/retry", data={"back": back})
        assert answer.headers["location"] == f"/tasks/{task_id}#state"

    def test_there_is_no_other_button(self, signed_in, installation, ana):
        assert signed_in.post(f"/tasks/{new(installation, ana)}/explode").status_code == 404

    def test_marking_as_dealt_with_takes_it_out_of_the_count_and_leaves_its_state(self, signed_in, installation, ana):
        task_id = new(installation, ana, "failed")
        path = f"/tasks/{task_id}"
        assert "Mark as dealt with" in page(signed_in, path).text
        signed_in.post(f"{path}/dealt-with", data={"back": path})
        after = page(signed_in, path)
        assert "hidden" in after.one(id="need-you")
        assert state_of(installation, task_id) == "failed"
        assert "Mark as dealt with" not in after.text


class TestCancelInMidRun:
    """Something is out already: the panel asks first, also without JavaScript."""

    def test_cancel_leads_to_a_question_with_both_numbers(self, signed_in, installation, ana):
        task_id = run(installation, ana, sent=8, waiting=4)
        button = page(signed_in, "/").one("button", id=f"task-{task_id}-cancel")
        assert button.text == "Cancel"
        asked = page(signed_in, f"/tasks/{task_id}/cancel?back=/")
        assert "8 are sent and cannot be taken back. 4 will not be sent." in asked.text
        assert [one.text for one in asked.one(class_="sheet question").all("button")] == ["Stop sending"]
        assert asked.one("main").one("a", class_="button ").text == "Keep sending"

    def test_what_has_sent_nothing_is_stopped_without_a_question(self, signed_in, installation, ana):
        task_id = run(installation, ana, sent=0, waiting=4)
        form = page(signed_in, "/").one("form", action=f"/tasks/{task_id}/cancel")
        assert form["method"] == "post"
        assert signed_in.get(f"/tasks/{task_id}/cancel").status_code == 303


class TestPage:
    """The page of one task."""

    def test_it_says_what_happened(self, signed_in, installation, ana):
        task_id = new(
            installation,
            ana,
            "failed",
            title="Stock report",
            outcome="The disk is full.",
            reference="R-7F3K",
            technical="OSError",
        )
        shown = page(signed_in, f"/tasks/{task_id}")
        assert shown.one("h1").text == "Stock report"
        assert shown.one(id="state").text == "failed"
        assert "The disk is full." in shown.text
        assert "Reference R-7F3K" in shown.text

    def test_technical_text_is_for_admins(self, signed_in, admin, installation, ana):
        task_id = new(installation, ana, "failed", reference="R-7F3K", technical="OSError: 28")
        assert "OSError" not in signed_in.get(f"/tasks/{task_id}").text
        assert "Technical details" in page(admin, f"/tasks/{task_id}").text
        assert "OSError: 28" in admin.get(f"/tasks/{task_id}").text

    def test_what_was_entered_is_shown_by_its_labels(self, signed_in, installation, ana):
        form = {"data": "sales", "columns": ["Region"], "format": "xlsx", "name": "October"}
        entered = page(signed_in, f"/tasks/{new(installation, ana, kind='report', form=form)}").one(
            "dl", class_="facts"
        )
        pairs = list(zip([one.text for one in entered.all("dt")], [one.text for one in entered.all("dd")], strict=True))
        assert pairs == [
            ("Data", "Sales of one year (10,000 rows)"),
            ("Columns", "Region"),
            ("File type", "Excel"),
            ("File name", "October"),
        ]

    def test_its_files_can_be_downloaded(self, signed_in, installation, ana, tmp_path):
        with installation.write() as conn:
            task_id = make_task(conn, ana, "done", kind="report")
            file_id = make_file(conn, installation.store, task_id, ana, tmp_path, "sales.xlsx")
        link = page(signed_in, f"/tasks/{task_id}").one("a", id=f"file-{file_id}")
        assert link.text == "Download sales.xlsx"
        assert signed_in.get(link["href"]).content == b"x"

    def test_the_counts_of_recipients_add_up_with_those_that_are_not_prepared(self, signed_in, installation, ana):
        task_id = run(installation, ana, sent=3, waiting=2, expanded=False)
        with installation.write() as conn:
            conn.execute(update(schema.task).where(schema.task.c.id == task_id).values(progress_total=9))
        section = page(signed_in, f"/tasks/{task_id}").one("nav", aria_label="Recipients by state")
        chips = [one.text for one in section.parts if isinstance(one, Element)]
        assert chips == ["All 9", "Sent 3", "Waiting 2", "Not yet prepared: 4"]

    def test_a_list_that_is_not_read_yet_says_so(self, signed_in, installation, ana):
        task_id = new(installation, ana, "running", kind="email", form=EMAIL)
        assert "The list is being read." in page(signed_in, f"/tasks/{task_id}").text

    def test_recipients_are_paged_filtered_and_searched(self, signed_in, installation, ana):
        task_id = run(installation, ana, sent=55, waiting=5)
        path = f"/tasks/{task_id}"

        def people(query: str) -> list[str]:
            return [one.text for one in page(signed_in, path + query).all("span", class_="to")]

        assert len(people("")) == 50
        assert people("?after=50") == [f"c{n}@example.com" for n in range(50, 60)]
        assert len(people("?to_state=waiting")) == 5
        assert people("?q=c17@") == ["c17@example.com"]

    def test_the_list_of_recipients_can_be_downloaded_and_runs_no_formulas(self, signed_in, installation, ana):
        with installation.write() as conn:
            task_id = make_task(conn, ana, "done", kind="email", form=EMAIL, expanded=True)
            make_delivery(conn, task_id, "=1+1@example.com", "failed", reply="No such address.")
            make_delivery(conn, task_id, "bob@example.com")
        answer = signed_in.get(f"/tasks/{task_id}/recipients.csv")
        rows = answer.text.splitlines()
        assert answer.headers["content-disposition"].startswith("attachment")
        assert rows[1].startswith("1,'=1+1@example.com,failed,1,No such address.")
        assert len(rows) == 3

    def test_the_download_holds_what_the_page_shows_with_the_columns_of_the_list(self, signed_in, installation, ana):
        with installation.write() as conn:
            task_id = make_task(conn, ana, "attention", kind="email", form=EMAIL, expanded=True)
            make_delivery(conn, task_id, "bob@example.com", data={"Name": "Bob", "City": "Bonn"}, message_id="<1@x>")
            make_delivery(conn, task_id, "ben@example.com", "failed", data={"Name": "=Ben", "City": "Rome"})
        shown = page(signed_in, f"/tasks/{task_id}?q=ROME")
        assert [one.text for one in shown.all("span", class_="to")] == ["=Ben ben@example.com"]
        rows = signed_in.get(shown.one("a", id="list")["href"]).text.splitlines()
        assert rows[0].endswith("Updated (UTC),Name,City")
        assert rows[1].endswith(",'=Ben,Rome")
        assert len(rows) == 2
        assert "<1@x>" in page(signed_in, f"/tasks/{task_id}").text

    def test_a_search_answers_who_got_it(self, signed_in, installation, ana):
        with installation.write() as conn:
            task_id = make_task(
                conn, ana, "done", kind="email", form=EMAIL, sender="Info <info@example.com>", title="News"
            )
            at = datetime(2026, 11, 3, 9, 42, tzinfo=UTC)
            more = {"data": {"Name": "Maria Lopez"}, "reply": "The mail server accepted it.", "updated": at}
            make_delivery(conn, task_id, "maria@example.com", **more)
        for address in ("/tasks?q=lopez", "/tasks/log?on=/tasks&q=maria%40&search=1"):
            answer = read(signed_in.get(address).text).one("div", aria_label="Recipients").text
            assert answer == (
                "Maria Lopez: sent 3 Nov 2026, 10:42. The mail server accepted it. "
                "Returned mail goes to info@example.com. maria@example.com, in News"
            )
        assert not read(signed_in.get("/tasks?q=zoe").text).all("div", aria_label="Recipients")

    def test_unknown_ones_are_decided_by_a_person(self, signed_in, installation, ana):
        with installation.write() as conn:
            task_id = make_task(conn, ana, "attention", kind="email", form=EMAIL, expanded=True)
            make_delivery(conn, task_id, "bob@example.com", "unknown")
        path = f"/tasks/{task_id}"
        assert {"Leave as they are", "Send again (may arrive twice)"} <= {
            one.text for one in page(signed_in, path).all("button")
        }
        signed_in.post(f"{path}/send-unknown", data={"back": path})
        assert state_of(installation, task_id) == "waiting"

    def test_leaving_the_unknown_ones_ends_the_question(self, signed_in, installation, ana):
        with installation.write() as conn:
            task_id = make_task(conn, ana, "attention", kind="email", form=EMAIL, expanded=True)
            make_delivery(conn, task_id, "bob@example.com", "unknown")
        signed_in.post(f"/tasks/{task_id}/leave-unknown", data={"back": f"/tasks/{task_id}"})
        assert "Leave as they are" not in page(signed_in, f"/tasks/{task_id}").text
        assert state_of(installation, task_id) == "attention"

    def test_somebody_elses_task_does_not_exist(self, signed_in, installation):
        with installation.write() as conn:
            ben = make_person(conn, installation.settings, "ben@example.com")
            task_id = make_task(conn, ben)
        assert signed_in.get(f"/tasks/{task_id}").status_code == 404
        assert signed_in.get(f"/tasks/{task_id}/live").status_code == 404
        assert signed_in.get(f"/tasks/{task_id}/recipients.csv").status_code == 404


class TestList:
    """The list of all tasks."""

    def test_the_search_finds_titles_forms_and_addresses(self, signed_in, installation, ana):
        titled = new(installation, ana, title="Price list for Lopez")
        entered = new(installation, ana, kind="email", form=EMAIL | {"subject": "Dear Lopez"})
        sent = new(installation, ana, kind="email", form=EMAIL)
        with installation.write() as conn:
            make_delivery(conn, sent, "maria.lopez@example.com")
        new(installation, ana, title="Nothing of the kind")
        shown = page(signed_in, "/tasks?q=lopez")
        assert {row["id"] for row in shown.all("li", class_="row")} == {
            f"task-{one}" for one in (titled, entered, sent)
        }
        assert shown.one(id="found").text == "3 tasks"

    def test_what_matches_nothing_says_so_and_can_be_cleared(self, signed_in):
        shown = page(signed_in, "/tasks?q=lopes")
        assert "No task matches “lopes”." in shown.text
        assert [one["href"] for one in shown.all("a") if one.text == "Clear the search"] == ["/tasks"]

    def test_it_can_be_narrowed_by_kind_and_owner(self, admin, installation, ana, root):
        mine, _ = new(installation, root, kind="report", form={"data": "sales"}), new(installation, ana, kind="report")
        new(installation, root, kind="email", form=EMAIL)
        shown = page(admin, f"/tasks?kind=report&owner={root.id}")
        assert [row["id"] for row in shown.all("li", class_="row")] == [f"task-{mine}"]

    def test_staff_cannot_ask_for_others(self, signed_in, installation, root):
        new(installation, root)
        assert not page(signed_in, f"/tasks?owner={root.id}").all("li", class_="row")

    @pytest.mark.parametrize(
        "query", ["?before=x", "?before=99999999999999999999", "?state=pizza", "?owner=-1", "?q=%00"]
    )
    def test_a_strange_address_shows_the_list(self, signed_in, query):
        assert signed_in.get("/tasks" + query).status_code == 200
