"""Making a report: errors of the form, and the files."""

import contextlib
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from tests.reports.reading import csv_rows, upload, xlsx_rows
from webapp.errors import FormErrors, NotFound
from webapp.kinds.report.kind import KIND, ReportForm, check, run
from webapp.ports.tables import Table

CLIENTS = "Name,Age,First.seen,First\nAna,25,2024-01-02,x\nBen,30,2024-02-03,y\n"


class Task:
    """A task that records its progress and log, with its files in a folder."""

    def __init__(self, folder, table=None):
        self.folder = folder
        self.reports = []
        self.lines = []
        self.media_types = {}
        self.files = self
        self.data = SimpleNamespace(
            table=lambda upload_id: table,
            max_rows=5_000_000,
            pace=lambda name: None,
            keep_pace=lambda name, seconds: None,
        )
        self.owner = SimpleNamespace(zone=ZoneInfo("Europe/Madrid"), name="Ana Ruiz", email="ana@example.com")
        self.charts = []
        self.keep_chart = self.charts.append
        self.previews = {}
        self.keep_preview = self.previews.__setitem__

    def progress(self, done, total=None, message=""):
        self.reports.append((done, total, message))

    def log(self, message):
        self.lines.append(message)

    @contextlib.contextmanager
    def new(self, name, media_type):
        self.media_types[name] = media_type
        yield self.folder / name


class FormContext:
    """A form context with one upload."""

    def __init__(self, table):
        self._table = table
        self.person = SimpleNamespace(zone=ZoneInfo("Europe/Madrid"))

    def table(self, upload_id):
        if upload_id != self._table.id:
            raise NotFound("There is no such file.")
        return self._table


@pytest.fixture
def clients(tmp_path):
    folder = tmp_path / "uploads"
    folder.mkdir()
    read = upload(folder, CLIENTS)
    return Table("u1", "clients.csv", folder / "upload", read.typed, read.schema)


def test_the_articles_report_has_three_people(tmp_path):
    task = Task(tmp_path)
    assert run(ReportForm(data="people"), task) == "report.xlsx: 3 rows"
    assert xlsx_rows(tmp_path / "report.xlsx") == [("Name", "Age"), ("John", 25), ("Jane", 30), ("Doe", 35)]
    assert task.media_types["report.xlsx"].endswith("spreadsheetml.sheet")


def test_the_sales_sample_is_ten_thousand_rows_with_progress(tmp_path):
    task = Task(tmp_path)
    assert run(ReportForm(data="sales", format="csv"), task) == "sales.csv: 10,000 rows"
    assert len(csv_rows(tmp_path / "sales.csv")) == 10_001
    assert task.reports[-1] == (10_000, 10_000, "writing the file")
    assert task.lines == []


def test_an_upload_becomes_a_file_of_its_name(tmp_path, clients):
    assert run(ReportForm(data="u1"), Task(tmp_path, clients)) == "clients.xlsx: 2 rows"
    assert [row[:2] for row in xlsx_rows(tmp_path / "clients.xlsx")] == [("Name", "Age"), ("Ana", 25), ("Ben", 30)]


def test_chosen_columns_come_in_their_order_and_once(tmp_path, clients):
    form = ReportForm(data="u1", columns=["First", "First.seen", "Name", "First"], format="csv")
    assert run(form, Task(tmp_path, clients)) == "clients.csv: 2 rows"
    assert csv_rows(tmp_path / "clients.csv")[:2] == [["First", "First.seen", "Name"], ["x", "2024-01-02", "Ana"]]


def test_a_given_name_is_made_safe(tmp_path):
    assert run(ReportForm(data="people", name="../März: all"), Task(tmp_path)) == "März all.xlsx: 3 rows"
    assert (tmp_path / "März all.xlsx").exists()


def test_what_was_noted_is_logged_and_stands_in_the_file(tmp_path):
    folder = tmp_path / "uploads"
    folder.mkdir()
    read = upload(folder, "Key,When,Number\na,01/02/2024,9007199254740993\n")
    table = Table("u1", "clients.csv", folder / "upload", read.typed, read.schema)
    task = Task(tmp_path, table)
    assert run(ReportForm(data="u1", columns=["Key", "When"]), task) == "clients.xlsx: 1 row"
    assert len(task.lines) == 1
    assert task.lines[0].startswith("“When”: It is not clear which number is the day")
    assert xlsx_rows(tmp_path / "clients.xlsx", 1)[-1] == ("Note", task.lines[0])


def test_a_table_without_rows_is_a_file_with_a_header(tmp_path):
    folder = tmp_path / "uploads"
    folder.mkdir()
    read = upload(folder, "Name,Age\n")
    table = Table("u1", "clients.csv", folder / "upload", read.typed, read.schema)
    assert run(ReportForm(data="u1"), Task(tmp_path, table)) == "clients.xlsx: 0 rows"
    assert xlsx_rows(tmp_path / "clients.xlsx") == [("Name", "Age")]


def test_an_unknown_column_is_named_with_those_that_there_are(clients):
    with pytest.raises(FormErrors) as caught:
        check(ReportForm(data="u1", columns=["Name", "Colour"]), FormContext(clients))
    words = "“Colour” is not a column of clients.csv. Its columns are Name, Age, First.seen, First."
    assert caught.value.errors == {"columns": words}


def test_unknown_data_is_refused_next_to_its_field(clients):
    with pytest.raises(FormErrors) as caught:
        check(ReportForm(data="gone"), FormContext(clients))
    assert list(caught.value.errors) == ["data"]


def test_columns_of_a_sample_are_checked_too(clients):
    check(ReportForm(data="sales", columns=["Region", "Amount"]), FormContext(clients))
    with pytest.raises(FormErrors, match="“Colour”, “Size” are not columns of"):
        check(ReportForm(data="people", columns=["Colour", "Size"]), FormContext(clients))


@pytest.mark.parametrize(
    "wrong", [{}, {"data": ""}, {"data": "people", "format": "doc"}, {"data": "people", "size": 3}]
)
def test_a_form_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValidationError):
        ReportForm(**wrong)


def test_the_title_says_what_is_reported(clients):
    assert KIND.title_of(ReportForm(data="sales")) == "Report: sales"
    assert KIND.title_of(ReportForm(data="u1", name="Clients")) == "Report: Clients"
    assert KIND.title_of(ReportForm(data="u1")) == "Report from a file"
    assert KIND.title_at(ReportForm(data="u1"), FormContext(clients)) == "Report: clients.csv"
    assert (KIND.queue(SimpleNamespace()), KIND.in_child) == ("reports", True)


def test_the_web_process_and_the_slots_import_no_pandas():
    code = (
        "import sys, webapp.kinds.report.kind, webapp.reports.reading.sources\n"
        "print([name for name in ('pandas', 'pyarrow', 'python_calamine', 'rustpy_xlsxwriter') if name in sys.modules])"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_report_of_a_sample_imports_no_pandas(tmp_path):
    code = (
        "import pathlib, sys\n"
        "from tests.kinds.test_report import Task, run, ReportForm\n"
        "had = 'pandas' in sys.modules\n"
        f"run(ReportForm(data='sales'), Task(pathlib.Path({str(tmp_path)!r})))\n"
        "print(had, 'pandas' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    assert done.stdout.strip() == "False False", done.stderr
