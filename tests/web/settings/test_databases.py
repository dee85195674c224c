"""Settings → Databases: admins connect them and save queries; staff fill in what a query asks for, and no more."""

import sqlite3
from contextlib import closing

import pytest

from tests.factories import make_person
from tests.html import read
from tests.kinds.performing import perform
from webapp.db import schema
from webapp.tasks.model import State

HERE = "/settings/databases"
TEXT = "select region, day, amount from sale where region = :region and day >= :since order by day"
VALUES = {
    "parameters.name": ["region", "since"],
    "parameters.title": ["Region", "Since"],
    "parameters.type": ["choice", "date"],
    "parameters.choices": ["North, South", ""],
    "parameters.query": ["", ""],
    "parameters.default": ["North", "2026-10-01"],
    "parameters.optional": ["", "on"],
}


@pytest.fixture
def resources(tmp_path):
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript("create table sale (region text, day text, amount numeric)")
        rows = [("North", "2026-10-03", 1240.5), ("South", "2026-10-04", 99), ("North", "2026-11-02", 310.25)]
        conn.executemany("insert into sale values (?, ?, ?)", rows)
        conn.commit()
    return f"sqlite:///{path}"


def connect(browser, url, **more):
    return browser.post(HERE, data={"name": "Shop", "url": url, "seconds": "5", **more})


def save(browser, **more):
    fields = {"intent": "save", "name": "Turnover", "source": "1", "text": TEXT, **VALUES, **more}
    return browser.post(f"{HERE}/queries", data=fields)


def preview(browser, **fields):
    return read(browser.post("/new/report/preview", data={"data": "q-1", **fields}).text)


def test_a_database_is_tried_kept_sealed_and_never_shown(admin, installation, resources):
    assert connect(admin, resources).status_code == 303
    with installation.read() as conn:
        (row,) = conn.execute(schema.source.select())
    assert "shop.db" not in row.url
    assert "password" not in admin.get(HERE).text.split("Connect a database")[0]


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"name": ""}, "name", "Give it a name"),
        ({"url": ""}, "url", "Write the address"),
        ({"url": "sqlite:///nowhere"}, "url", "There is no file"),
        ({"url": "postgresql://ana:topsecret@127.0.0.1:1/x"}, "url", "The database says"),
        ({"seconds": "soon"}, "seconds", "Write a number of seconds"),
    ],
)
def test_what_is_wrong_with_a_database_is_said_beside_its_field(admin, resources, fields, field, words):
    answer = connect(admin, **{"url": resources, **fields})
    assert answer.status_code == 422
    assert words in read(answer.text).one(id=f"{field}-error").text
    assert "topsecret" not in answer.text


def test_a_query_is_tried_kept_and_filled_in_by_staff(admin, signed_in, installation, resources, ana):
    connect(admin, resources)
    tried = read(save(admin, intent="try").text)
    assert "2 rows, 3 columns" in tried.text
    assert save(admin, everyone="on").status_code == 303
    page = read(signed_in.get("/new/report?data=q-1").text)
    assert [one.text for one in page.one(id="value-region").all("option")] == ["Choose", "North", "South"]
    assert page.one(id="preview-counts").text == "2 rows, 3 columns"
    values = {"values.name": ["region", "since"], "values.value": ["South", ""]}
    assert preview(signed_in, **values).one(id="preview-counts").text == "0 rows, 3 columns"
    values["values.value"] = ["North", "2026-11-01"]
    assert preview(signed_in, **values).one(id="preview-counts").text == "1 row, 3 columns"
    started = signed_in.post("/new/report", data={"key": "k", "data": "q-1", **values})
    assert started.status_code == 303
    given = {"region": "North", "since": "yesterday"}
    task = perform(installation, ana, "report", data="q-1", values=given, format="csv")
    assert (task.state, task.outcome) == (State.DONE, "Turnover.csv: 0 rows")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["West", ""], "“West” is none of the choices for “Region”."),
        (["", ""], "Fill in “Region”."),
        (["North", "soon"], "“soon” is not a date"),
        (["North", "last month"], "“Since” is one day"),
        (["North' or 1=1 --", ""], "is none of the choices"),
    ],
)
def test_a_value_that_does_not_fit_is_said_beside_the_values(admin, signed_in, resources, values, words):
    connect(admin, resources)
    save(admin, everyone="on")
    fields = {"key": "k", "data": "q-1", "values.name": ["region", "since"], "values.value": values}
    answer = signed_in.post("/new/report", data=fields)
    assert answer.status_code == 422
    assert words in read(answer.text).one(id="values-error").text


def test_choices_can_come_from_another_query(admin, signed_in, resources):
    connect(admin, resources)
    save(admin, name="Regions", text="select distinct region from sale order by 1", **{name: [] for name in VALUES})
    more = {**VALUES, "parameters.choices": ["", ""], "parameters.query": ["1", ""]}
    assert save(admin, everyone="on", **more).status_code == 303
    page = read(signed_in.get("/new/report?data=q-2").text)
    assert [one.text for one in page.one(id="value-region").all("option")] == ["Choose", "North", "South"]


def test_only_those_whom_the_admin_named_use_a_query(admin, signed_in, installation, resources, ana):
    with installation.write() as conn:
        ben = make_person(conn, installation.settings, "ben@example.com")
    connect(admin, resources)
    save(admin, people=[str(ben.id)])
    assert "Turnover" not in read(signed_in.get("/new/report").text).one(id="data").text
    assert "no longer exists" in preview(signed_in).text
    assert signed_in.post("/new/report", data={"key": "k", "data": "q-1"}).status_code == 422
    assert perform(installation, ana, "report", data="q-1", values={"region": "North"}).state is State.FAILED
    assert perform(installation, ben, "report", data="q-1", values={"region": "North"}).state is State.DONE


def test_staff_reach_neither_databases_nor_queries(admin, signed_in, resources):
    connect(admin, resources)
    save(admin)
    for path in (HERE, f"{HERE}/queries/new", f"{HERE}/queries/1"):
        assert signed_in.get(path).status_code in (403, 404)
    for path in (HERE, f"{HERE}/queries", f"{HERE}/1/remove", f"{HERE}/queries/1/remove"):
        assert signed_in.post(path, data={"name": "x"}).status_code in (403, 404)


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"name": ""}, "name", "Give it a name"),
        ({"source": ""}, "source", "Choose the database"),
        ({"source": "9"}, "source", "Choose the database"),
        ({"text": ""}, "text", "Write the query"),
        ({"text": "delete from sale"}, "text", "only reads"),
        ({"text": "select nope from sale"}, "text", "The database says: no such column"),
        ({"text": "select 1 where :other = 1"}, "text", "uses “:other”"),
        ({"parameters.name": ["region", "a b"]}, "parameters", "is no name of a value"),
        ({"parameters.name": ["region", "region"]}, "parameters", "name of its own"),
        ({"parameters.choices": ["", ""]}, "parameters", "Write the choices"),
    ],
)
def test_what_is_wrong_with_a_query_is_said_beside_its_field(admin, resources, fields, field, words):
    connect(admin, resources)
    answer = save(admin, **fields)
    assert answer.status_code in (404, 422)
    if answer.status_code == 422:
        assert words in read(answer.text).one(id=f"{field}-error").text


def test_lines_of_values_are_added_and_taken_away(admin, resources):
    connect(admin, resources)
    assert len(read(save(admin, intent="add-parameters").text).all("input", name="parameters.name")) == 3
    (left,) = read(save(admin, intent="remove-parameters-0").text).all("input", name="parameters.name")
    assert left["value"] == "since"


def test_a_database_stays_while_a_query_uses_it(admin, resources):
    connect(admin, resources)
    save(admin)
    said = admin.get(admin.post(f"{HERE}/1/remove").headers["location"]).text
    assert "The saved queries “Turnover” use it." in read(said).one(id="status").text
    admin.post(f"{HERE}/queries/1/remove")
    admin.post(f"{HERE}/1/remove")
    assert "Shop" not in read(admin.get(HERE).text).text


def test_a_query_that_is_gone_fails_its_task_in_plain_words(admin, installation, resources, root):
    connect(admin, resources)
    save(admin)
    admin.post(f"{HERE}/queries/1/remove")
    task = perform(installation, root, "report", data="q-1")
    assert (task.state, task.fault) == (State.FAILED, "form")
    assert "saved query is not there any more" in task.outcome
