"""The form of a report: short notations, errors, and the resulting files."""

import csv
import io
import json
from datetime import date
from decimal import Decimal

import openpyxl
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from tests.kinds.performing import deliveries, lines, look, perform
from webapp.errors import FormErrors
from webapp.files import queries as files
from webapp.kinds.report.form import ReportForm
from webapp.kinds.report.kind import check
from webapp.tasks import commands
from webapp.tasks.cancellation import Control
from webapp.tasks.model import State
from webapp.tasks.running import run


def form(**given):
    return ReportForm.model_validate({"data": "sales", **given})


def made(installation, task, number=0):
    return installation.store.path(task.files[number].storage)


def test_programs_send_short_forms():
    short = form(
        filters=[{"column": "Region", "is": "=", "value": "North"}, {"column": "Amount", "is": ">=", "value": 10}],
        sums={"Amount": ["sum", "mean"], "*": "count"},
        group_by=["Region"],
        sort=["-Amount", {"column": "Region"}, "Date desc", {"column": "Paid", "order": "desc"}],
    )
    assert [(line.column, line.test, line.value) for line in short.filters] == [
        ("Region", "=", "North"), ("Amount", "≥", "10"),
    ]  # fmt: skip
    assert [(line.column, line.how) for line in short.sums] == [("Amount", "sum"), ("Amount", "mean"), ("", "count")]
    assert [(line.column, line.direction) for line in short.sort] == [
        ("Amount", "down"), ("Region", "up"), ("Date", "down"), ("Paid", "down"),
    ]  # fmt: skip
    assert ReportForm.model_validate(json.loads(short.model_dump_json())) == short


@pytest.mark.parametrize(
    "wrong",
    [
        {"filters": [{"column": "Region", "is": "like", "value": "x"}]},
        {"filters": [{"is": "=", "value": "x"}]},
        {"filters": ["Region=North"]},
        {"filters": [{"column": "Region", "is": "=", "value": ["x"]}]},
        {"filters": {"Region": "North"}},
        {"sums": {"Amount": "median"}},
        {"sums": [["Amount", "sum"]]},
        {"sort": [{"column": "Amount", "direction": "sideways"}]},
        {"top": 0},
        {"group_by": "Region"},
        {"format": "docx"},
        {"mail_to": ["nobody"]},
        {"names": [{"title": "x"}]},
    ],
)
def test_what_is_no_form_of_a_report_is_refused(wrong):
    with pytest.raises(ValidationError):
        form(**wrong)


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"columns": ["Nope"]}, "columns", "“Nope” is not a column of Sales"),
        ({"filters": [{"column": "Nope", "is": "=", "value": "x"}]}, "filters", "“Nope” is not a column"),
        (
            {"filters": [{"column": "Amount", "is": ">", "value": "much"}]},
            "filters",
            "holds numbers, and “much” is not a number",
        ),
        ({"filters": [{"column": "Date", "is": "=", "value": "soon"}]}, "filters", "“soon” is not a date"),
        ({"filters": [{"column": "Paid", "is": "=", "value": "maybe"}]}, "filters", "yes and no"),
        ({"filters": [{"column": "Region", "is": "=", "value": ""}]}, "filters", "choose “is empty”"),
        ({"group_by": ["Nope"]}, "group_by", "is not a column"),
        ({"across": "Region"}, "across", "A cross table also needs rows"),
        ({"across": "Region", "group_by": ["Region"]}, "across", "already chosen under “One row for each”"),
        ({"sums": {"Region": "sum"}}, "sums", "“Region” holds text, so it has no total"),
        ({"sums": {"Date": "mean"}}, "sums", "“Date” holds dates, so it has no average"),
        ({"total_row": True}, "total_row", "Work out"),
        ({"sort": ["Nope"]}, "sort", "is not a column"),
        ({"sort": ["Order"], "group_by": ["Region"]}, "sort", "“Order” is not a column of this report"),
        ({"columns": ["Region"], "chart": "bar"}, "chart", "A chart needs numbers"),
        ({"names": {"Nope": "x"}}, "names", "is not a column"),
        ({"values": {"region": "x"}}, "values", "takes no values"),
        ({"data": "q-1"}, "data", "no longer exists"),
        ({"data": "d-1"}, "data", "no longer exists"),
    ],
)
def test_what_cannot_be_made_is_explained_next_to_its_field(installation, ana, given, field, words):
    with pytest.raises(FormErrors) as raised:
        check(form(**given), installation.form_context(ana))
    assert words in raised.value.errors[field]
    assert set(raised.value.errors) == {field}


def test_names_match_in_any_case(installation, ana):
    task = perform(installation, ana, "report", data="sales", group_by=["region"], sums={"amount": "sum"}, format="csv")
    rows = list(csv.reader(made(installation, task).read_text("utf-8").splitlines()))
    assert rows[:2] == [["Region", "Amount"], ["East", "2551151.08"]]


def test_a_grouped_report_is_exact_in_every_type_of_file(installation, ana):
    more = {"data": "sales", "group_by": ["Region"], "sums": {"Amount": "sum"}, "total_row": True, "chart": "pie"}
    found = {}
    for kind in ("xlsx", "csv", "parquet", "jsonl", "pdf"):
        task = perform(installation, ana, "report", **more, format=kind)
        assert (task.state, task.outcome) == (State.DONE, f"sales.{kind}: 4 rows")
        found[kind] = made(installation, task)
    sheet = openpyxl.load_workbook(io.BytesIO(found["xlsx"].read_bytes()))
    assert sheet.sheetnames == ["Report", "Chart", "About this report"]
    cells = list(sheet["Report"].iter_rows(values_only=True))
    assert cells[1] == ("East", 2551151.08)
    assert cells[-1] == ("Total", 10030294.82)
    assert sheet["Report"]["B2"].number_format == "#,##0.00"
    assert pq.read_table(found["parquet"]).column("Amount").to_pylist()[0] == Decimal("2551151.08")
    assert len(found["jsonl"].read_text().splitlines()) == 4
    assert found["pdf"].read_bytes().startswith(b"%PDF")


def test_the_sheet_about_the_report_says_what_it_is(installation, ana):
    filters = [{"column": "Region", "is": "=", "value": "North"}]
    task = perform(
        installation, ana, "report", data="sales", filters=filters, sort=["-Amount"], top=3, dates="day", name="Top"
    )
    book = openpyxl.load_workbook(io.BytesIO(made(installation, task).read_bytes()))
    facts = dict(book["About this report"].iter_rows(min_row=2, values_only=True))
    assert facts["Report"] == "Top"
    assert facts["By"] == "Ana Ruiz"
    assert facts["Only rows where"] == "Region is North"
    assert facts["Sorted by"] == "Amount, largest first"
    assert facts["Rows"] == "3"
    assert "Europe/Madrid" in facts["Made"]
    dates = [cell for cell in book["Report"][2] if cell.is_date]
    assert dates[0].number_format == "dd.mm.yyyy"
    assert isinstance(dates[0].value.date(), date)


def test_a_chart_is_stored_for_the_page_of_the_task_and_the_first_rows_for_the_file(installation, ana):
    task = perform(installation, ana, "report", data="sales", group_by=["Region"], sums={"Amount": "sum"}, chart="bar")
    assert task.chart["labels"] == ["East", "North", "South", "West"]
    with installation.read() as conn:
        assert files.preview(conn, task.files[0].id)["rows"][0] == ["East", "2,551,151.08"]


def test_without_rows_no_file_is_made_on_request(mailing, server, ana):
    nothing = [{"column": "Region", "is": "=", "value": "Nowhere"}]
    task = perform(mailing, ana, "report", data="sales", filters=nothing, skip_empty=True, mail_to="boss@example.com")
    assert (task.state, task.outcome) == (State.DONE, "There are no rows, so no file was made.")
    assert (task.files, server.messages) == ([], [])
    assert [(row.state, row.reply) for row in deliveries(mailing, ana, task)] == [
        ("skipped", "Not sent: the report has no rows.")
    ]


def test_a_report_is_mailed_when_it_is_ready(mailing, server, ana):
    task = perform(mailing, ana, "report", data="people", format="csv", mail_to="boss@example.com, bob@example.com")
    assert (task.state, task.outcome) == (
        State.DONE, "report.csv: 3 rows. Emailed to boss@example.com, bob@example.com.",
    )  # fmt: skip
    assert server.counts() == {"boss@example.com": 1, "bob@example.com": 1}
    assert b'filename="report.csv"' in server.messages[0].content


def test_a_link_is_mailed_in_place_of_the_file(mailing, server, ana):
    task = perform(mailing, ana, "report", data="people", mail_to="boss@example.com", mail_as="link")
    content = server.messages[0].content.replace(b"=\r\n", b"")
    assert f"/files/{task.files[0].id}/download".encode() in content
    assert b"spreadsheetml" not in content


def test_a_mail_that_is_refused_leaves_the_report_ready_and_retry_only_mails(mailing, server, ana):
    server.on("rcpt", to="boss@example.com", say="550 5.1.1 No such user")
    task = perform(mailing, ana, "report", data="people", mail_to="boss@example.com")
    assert task.state is State.ATTENTION
    assert task.outcome == "The report is ready. The email to boss@example.com was not accepted."
    (file,) = task.files
    with mailing.write() as conn:
        commands.retry(conn, mailing.engine, task, ana)
    claimed = run.claim(mailing, task.id, "test")
    run.perform(mailing, claimed, Control())
    again = look(mailing, ana, task.id)
    assert again.state is State.DONE
    assert [one.id for one in again.files] == [file.id]


def test_the_log_and_the_deliveries_are_data_and_staff_see_their_own(installation, ana, root):
    perform(installation, root, "self-test", seconds=0)
    perform(installation, ana, "self-test", seconds=0)
    mine = perform(installation, ana, "report", data="log-tasks", format="csv")
    assert mine.outcome == "tasks.csv: 2 rows"
    everyone = perform(installation, root, "report", data="log-tasks", format="csv", columns=["Task", "Owner", "State"])
    rows = list(csv.reader(made(installation, everyone).read_text("utf-8").splitlines()))
    assert rows[0] == ["Task", "Owner", "State"]
    assert {row[1] for row in rows[1:]} == {"ana@example.com", "root@example.com"}
    assert perform(installation, ana, "report", data="log-deliveries").outcome == "deliveries.xlsx: 0 rows"


def test_too_many_rows_fail_with_a_clear_message(installation, ana):
    installation.settings.__dict__["report_rows"] = 2
    task = perform(installation, ana, "report", data="people")
    assert task.state is State.FAILED
    assert "3 rows, and the limit is 2" in task.outcome
    assert lines(installation, task)
