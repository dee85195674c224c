"""The form of a report in a browser: its lines, its preview, shortcuts, and a report that is run again."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.factories import make_person
from tests.html import read
from webapp import ingest, sandbox_permits
from webapp.clock import now
from webapp.db import schema
from webapp.fair_queue import FairQueue
from webapp.maintenance.retention import clean
from webapp.web.reports import preview as reporting

REPORT = "/new/report"
CSV = b"Region,Amount\nNorth,10.5\nSouth,20\nNorth,1\n"


def post(browser, intent="", **fields):
    return browser.post(REPORT, data={"key": "k", "intent": intent, "data": "sales", **fields})


def uploaded(browser, content=CSV, name="sales.csv", **fields):
    answer = browser.post(
        REPORT, data={"key": "k", "intent": "columns", **fields}, files={"data-file": (name, content, "text/csv")}
    )
    return next(one["value"] for one in read(answer.text).all("input", name="data") if "checked" in one)


def preview(browser, **fields):
    return read(browser.post(f"{REPORT}/preview", data={"data": "sales", **fields}).text)


def tasks(installation):
    with installation.read() as conn:
        return [row.form for row in conn.execute(schema.task.select().order_by(schema.task.c.id))]


class TestLines:
    @pytest.mark.parametrize("name", ["filters", "group_by", "sums", "sort"])
    def test_a_line_is_added_and_its_first_control_has_the_focus(self, signed_in, name):
        page = read(post(signed_in, f"add-{name}").text)
        field = page.one("fieldset", id=name)
        assert len(field.all("div", class_="line")) == 1
        assert "autofocus" in field.all("select")[0]

    def test_a_line_is_removed_and_the_others_keep_what_was_typed(self, signed_in):
        lines = {"filters.column": ["Region", "Amount"], "filters.test": ["=", ">"], "filters.value": ["North", "7"]}
        page = read(post(signed_in, "remove-filters-0", **lines).text)
        assert [one["value"] for one in page.all("input", name="filters.value")] == ["7"]
        chosen = [one["value"] for one in page.one(id="filters-0").all("option") if "selected" in one]
        assert chosen == ["Amount", ">"]

    def test_when_the_last_line_is_gone_the_button_that_adds_one_has_the_focus(self, signed_in):
        page = read(post(signed_in, "remove-sort-0", **{"sort.column": "Amount", "sort.direction": "up"}).text)
        assert "autofocus" in page.one(id="sort-add")

    def test_columns_move_up_and_down_and_keep_their_names(self, signed_in):
        names = {"names.column": ["Region", "Amount"], "names.title": ["Area", ""]}
        page = read(post(signed_in, "down-columns-0", columns=["Region", "Amount"], **names).text)
        ticked = [one["value"] for one in page.one(id="columns").all("input") if "checked" in one]
        assert ticked == ["Amount", "Region"]
        assert next(one["value"] for one in page.all("input", name="names.title") if one["value"]) == "Area"

    def test_an_unfinished_line_counts_as_nothing(self, signed_in, installation):
        blank = {"filters.column": "", "filters.test": "=", "filters.value": "", "sums.column": "", "sums.how": "sum"}
        assert post(signed_in, **blank).status_code == 303
        assert (tasks(installation)[0]["filters"], tasks(installation)[0]["sums"]) == ([], [])

    def test_what_is_typed_becomes_the_task(self, signed_in, installation):
        lines = {
            "filters.column": "Date", "filters.test": "=", "filters.value": "last month", "group_by": ["Region", ""],
            "sums.column": ["Amount", "*"], "sums.how": ["mean", "sum"], "sort.column": "Region",
            "sort.direction": "down", "top": "5", "total_row": "on",
        }  # fmt: skip
        assert post(signed_in, **lines).status_code == 303
        (form,) = tasks(installation)
        assert form["filters"] == [{"column": "Date", "test": "=", "value": "last month"}]
        assert form["sums"] == [{"column": "Amount", "how": "mean"}, {"column": "", "how": "count"}]
        assert (form["group_by"], form["top"], form["total_row"]) == (["Region"], 5, True)
        again = read(signed_in.get(f"{REPORT}?from=1").text)
        assert again.one("input", name="filters.value")["value"] == "last month"

    def test_what_is_wrong_with_a_line_is_said_beside_it(self, signed_in):
        answer = post(signed_in, **{"filters.column": "Amount", "filters.test": ">", "filters.value": "much"})
        assert answer.status_code == 422
        assert "“much” is not a number" in read(answer.text).one(id="filters-error").text


class TestPreview:
    def test_it_shows_the_first_rows_and_how_many_there_will_be(self, signed_in):
        page = preview(signed_in, **{"group_by": "Region", "sums.column": "Amount", "sums.how": "sum"})
        assert page.one(id="preview-counts").text == "4 rows, 2 columns"
        assert [cell.text for cell in page.all("td")][:2] == ["East", "2,551,151.08"]

    def test_only_twenty_rows_are_shown(self, signed_in):
        page = preview(signed_in)
        assert page.one(id="preview-counts").text == "10,000 rows, 11 columns"
        assert len(page.one("tbody").all("tr")) == 20
        assert "kB" in page.text

    def test_without_data_it_says_what_to_do(self, signed_in):
        assert preview(signed_in, data="").text == "Choose data to see its first rows."

    def test_what_is_wrong_is_said_in_place_of_rows(self, signed_in):
        wrong = preview(signed_in, **{"sums.column": "Region", "sums.how": "sum"})
        assert "“Region” holds text" in wrong.one(id="preview-counts").text
        assert "text" in preview(signed_in, **{"group_by": "Region", "sums.column": "Region", "sums.how": "mean"}).text

    def test_a_field_that_is_not_finished_does_not_stand_in_its_way(self, signed_in):
        assert preview(signed_in, mail_to="boss@", name="x\n").one(id="preview-counts").text.startswith("10,000 rows")

    def test_without_scripts_a_button_shows_it(self, signed_in):
        page = read(post(signed_in, "preview").text)
        assert page.one(id="preview-counts").text == "10,000 rows, 11 columns"

    def test_nobody_sees_another_persons_data(self, signed_in, installation):
        with installation.write() as conn:
            ben = make_person(conn, installation.settings, "ben@example.com")
        path = installation.data_dir / "x.csv"
        path.write_bytes(CSV)
        other = ingest.receive(installation, ben, "x.csv", path)
        assert "North" not in preview(signed_in, data=other.id).text
        assert "no longer exists" in preview(signed_in, data=other.id).text

    def test_the_log_shows_only_ones_own_tasks(self, signed_in, installation):
        post(signed_in)
        page = preview(signed_in, data="log-tasks")
        assert page.one(id="preview-counts").text.startswith("1 row, ")

    def test_it_waits_its_turn_when_others_are_being_made(self, signed_in, monkeypatch):
        monkeypatch.setattr(reporting, "WAIT", 0.01)
        monkeypatch.setattr(sandbox_permits, "_files", FairQueue(1, 10))
        with sandbox_permits.permit(uses_network=False):
            assert "Outtray is busy reading other files" in preview(signed_in).text


class TestShortcuts:
    def test_a_filled_form_is_kept_and_opened_from_home_and_nothing_starts(self, signed_in, installation):
        kept = post(signed_in, "keep-shortcut", shortcut_name="North", group_by="Region", top="3")
        assert "Kept as the shortcut “North”" in read(kept.text).one(id="done").text
        link = next(one for one in read(signed_in.get("/").text).all("a") if one.text == "North")
        page = read(signed_in.get(link["href"]).text)
        assert page.one("input", id="top")["value"] == "3"
        assert tasks(installation) == []

    def test_every_kind_has_them(self, signed_in):
        data = {"key": "k", "intent": "keep-shortcut", "shortcut_name": "Greeting", "subject": "Hi", "body": "Hello"}
        assert signed_in.post("/new/email", data=data).status_code == 200
        link = next(one for one in read(signed_in.get("/").text).all("a") if one.text == "Greeting")
        assert read(signed_in.get(link["href"]).text).one("input", id="subject")["value"] == "Hi"

    def test_without_a_name_it_is_not_kept(self, signed_in):
        answer = post(signed_in, "keep-shortcut", shortcut_name=" ")
        assert answer.status_code == 422
        assert "Give it a name" in read(answer.text).one(id="shortcut_name-error").text

    def test_it_is_removed_by_its_owner_only(self, signed_in, admin):
        post(signed_in, "keep-shortcut", shortcut_name="North")
        admin.post("/shortcuts/1/remove")
        assert "North" in read(signed_in.get("/").text).text
        assert signed_in.get(f"{REPORT}?shortcut=1").status_code == 200
        assert admin.get(f"{REPORT}?shortcut=1").status_code == 404
        signed_in.post("/shortcuts/1/remove")
        assert "North" not in read(signed_in.get("/").text).text


class TestAgain:
    def test_the_same_file_as_before_says_so(self, signed_in, installation):
        data = uploaded(signed_in)
        post(signed_in, data=data)
        with installation.write() as conn:
            conn.execute(update(schema.task).values(created=now() - timedelta(days=400)))
        assert "This is the same file as on" in read(signed_in.get(f"{REPORT}?from=1").text).one(id="choose-data").text
        same = uploaded(signed_in, name="again.csv")
        page = read(signed_in.get(f"{REPORT}?data={same}").text)
        assert "This is the same file as on" in page.text
        other = uploaded(signed_in, CSV + b"West,2\n")
        assert "same file" not in read(signed_in.get(f"{REPORT}?data={other}").text).text

    def test_data_with_a_name_say_so_until_another_file_replaces_them(self, signed_in):
        signed_in.post(f"/data/{uploaded(signed_in)}", data={"intent": "keep", "name": "Sales"})
        assert "same file" not in signed_in.get(f"{REPORT}?data=d-1").text
        post(signed_in, data="d-1")
        assert "This is the same file as on" in signed_in.get(f"{REPORT}?data=d-1").text
        files = {"file": ("may.csv", CSV, "text/csv")}
        signed_in.post("/data/d-1", data={"intent": "replace"}, files=files)
        assert "same file" not in signed_in.get(f"{REPORT}?data=d-1").text

    def test_the_file_of_another_person_is_not_the_same_file(self, signed_in, admin):
        post(admin, data=uploaded(admin))
        assert "same file" not in signed_in.get(f"{REPORT}?data={uploaded(signed_in)}").text

    def test_data_that_were_deleted_say_so(self, signed_in, installation):
        post(signed_in, data=uploaded(signed_in))
        with installation.write() as conn:
            conn.execute(update(schema.upload).values(created=now() - timedelta(days=40)))
            conn.execute(update(schema.task).values(state="done"))
        clean(installation)
        page = read(signed_in.get(f"{REPORT}?from=1").text)
        words = "That file was deleted after 30 days. Choose this month’s file."
        assert words in page.one(id="data-error").text

    def test_a_column_that_is_gone_is_asked_for(self, signed_in, installation):
        old, new = uploaded(signed_in), uploaded(signed_in, CSV.replace(b"Region", b"Area"))
        lines = {"filters.column": "Region", "filters.test": "=", "filters.value": "North", "group_by": "Region"}
        assert post(signed_in, data=old, columns=["Region"], **lines).status_code == 303
        page = read(post(signed_in, "columns", data=new, columns=["Region"], **lines).text)
        assert page.one(id="moved").one("label").text == "Which column is Region now?"
        refused = post(signed_in, data=new, columns=["Region"], **lines, **{"moved.from": "Region", "moved.to": ""})
        assert "“Region” is not a column" in refused.text
        moved = {"moved.from": "Region", "moved.to": "Area"}
        assert post(signed_in, data=new, columns=["Region"], **lines, **moved, key="l").status_code == 303
        form = tasks(installation)[-1]
        assert (form["columns"], form["group_by"]) == (["Area"], ["Area"])
        assert form["filters"] == [{"column": "Area", "test": "=", "value": "North"}]

    def test_a_column_that_is_gone_can_be_left_out(self, signed_in, installation):
        new = uploaded(signed_in, b"Amount\n1\n")
        lines = {"filters.column": ["Region", "Amount"], "filters.test": ["=", ">"], "filters.value": ["North", "0"]}
        moved = {"moved.from": "Region", "moved.to": "-"}
        assert post(signed_in, data=new, columns=["Region", "Amount"], **lines, **moved).status_code == 303
        form = tasks(installation)[-1]
        assert form["columns"] == ["Amount"]
        assert form["filters"] == [{"column": "Amount", "test": ">", "value": "0"}]


class TestData:
    def test_data_are_named_replaced_and_forgotten(self, signed_in, installation):
        page = f"/data/{uploaded(signed_in)}"
        kept = signed_in.post(page, data={"intent": "keep", "name": "Sales"})
        assert kept.headers["location"] == "/data/d-1"
        assert post(signed_in, data="d-1").status_code == 303
        files = {"file": ("may.csv", b"Region,Town\nEast,Bonn\n", "text/csv")}
        replaced = signed_in.post("/data/d-1", data={"intent": "replace"}, files=files)
        said = read(signed_in.get(replaced.headers["location"]).text).one(id="status").text
        assert said == "“Sales” holds may.csv from now on: 1 row. Columns that are gone: Amount." or "1 rows" in said
        assert preview(signed_in, data="d-1").one(id="preview-counts").text == "1 row, 2 columns"
        signed_in.post("/data/d-1", data={"intent": "remove"})
        assert signed_in.get("/data/d-1").status_code == 404
        assert len(tasks(installation)) == 1

    def test_data_with_a_name_stay(self, signed_in, installation):
        signed_in.post(f"/data/{uploaded(signed_in)}", data={"intent": "keep", "name": "Sales"})
        with installation.write() as conn:
            conn.execute(update(schema.upload).values(created=now() - timedelta(days=4000)))
        clean(installation)
        assert preview(signed_in, data="d-1").one(id="preview-counts").text == "3 rows, 2 columns"

    def test_a_column_is_corrected_and_the_next_file_is_read_alike(self, signed_in):
        data = uploaded(signed_in, b"Code,Day\n12,01/02/2026\n13,03/04/2026\n")
        signed_in.post(f"/data/{data}", data={"intent": "keep", "name": "Codes"})
        fields = {"intent": "reread", "column": ["Code", "Day"], "type": ["text", "mdy"]}
        assert signed_in.post("/data/d-1", data=fields).status_code == 303
        kinds = [cell.text for cell in preview(signed_in, data="d-1").all("small")]
        assert kinds == ["text", "date"]
        files = {"file": ("next.csv", b"Code,Day\n14,05/06/2026\n", "text/csv")}
        signed_in.post("/data/d-1", data={"intent": "replace"}, files=files)
        assert [cell.text for cell in preview(signed_in, data="d-1").all("td")] == ["14", "2026-05-06"]

    def test_what_a_column_cannot_be_is_said_and_nothing_changes(self, signed_in):
        data = uploaded(signed_in)
        answer = signed_in.post(f"/data/{data}", data={"column": ["Region"], "type": ["integer"]})
        assert answer.status_code == 422
        assert "“Region” cannot be read as whole number" in read(answer.text).one(id="data-error").text

    def test_nobody_reaches_another_persons_data(self, signed_in, admin):
        data = uploaded(signed_in)
        signed_in.post(f"/data/{data}", data={"intent": "keep", "name": "Sales"})
        for other in (data, "d-1"):
            assert admin.get(f"/data/{other}").status_code == 404
            assert admin.get(f"/data/{other}/download").status_code == 404
            assert admin.post(f"/data/{other}", data={"intent": "remove"}).status_code == 404
            assert admin.post(REPORT, data={"key": "x", "data": other}).status_code == 422
        assert signed_in.get("/data/d-1").status_code == 200


def test_a_prefilled_link_shows_its_lines(signed_in):
    line = json.dumps({"column": "Region", "test": "=", "value": "North"})
    page = read(signed_in.get(REPORT, params={"data": "sales", "filters": line, "columns": ["Region"]}).text)
    assert page.one("input", name="filters.value")["value"] == "North"


@pytest.mark.parametrize("line", ["{", "{}", "[]", '{"column": 3}', '{"column": "Region", "test": "x"}', "null"])
def test_a_link_that_makes_no_sense_is_no_error_of_ours(signed_in, line):
    assert (
        signed_in.get(REPORT, params={"data": "sales", "filters": line, "names": line, "values": line}).status_code
        == 200
    )
    answer = post(signed_in, filters=line, names=line)
    assert answer.status_code in (303, 422)


def test_the_rows_that_keep_a_column_from_adding_up_are_named(signed_in):
    rows = [f"x,{n}" for n in range(100)]
    rows[12], rows[78] = "x,n/a", "x,none"
    data = uploaded(signed_in, ("Name,Amount\n" + "\n".join(rows)).encode())
    answer = post(signed_in, data=data, **{"sums.column": "Amount", "sums.how": "sum"})
    words = "“Amount” holds text in rows 14 and 80, so it has no total."
    assert read(answer.text).one(id="sums-error").text == words


def test_a_column_of_words_just_holds_text(signed_in):
    answer = post(signed_in, data=uploaded(signed_in), **{"sums.column": "Region", "sums.how": "sum"})
    assert read(answer.text).one(id="sums-error").text == "“Region” holds text, so it has no total."
