"""GET /api/v1/tasks: pages, filters, and who sees what."""

import pytest

from tests.factories import make_delivery, make_task
from tests.web.programs import done, refused


def titles(program, **query):
    return [task["title"] for task in done(program.get("/api/v1/tasks", params=query))["items"]]


def test_a_list_goes_on_where_the_page_before_ended(program, installation, ana):
    with installation.write() as conn:
        for number in range(5):
            make_task(conn, ana, title=str(number))
    first = done(program.get("/api/v1/tasks?limit=2"))
    second = done(program.get("/api/v1/tasks", params={"limit": 2, "before": first["next"]}))
    with installation.write() as conn:
        make_task(conn, ana, title="came meanwhile")
    third = done(program.get("/api/v1/tasks", params={"limit": 2, "before": second["next"]}))
    assert [task["title"] for page in (first, second, third) for task in page["items"]] == ["4", "3", "2", "1", "0"]
    assert third["next"] is None


def test_a_page_that_is_just_full_is_the_last(program, installation, ana):
    with installation.write() as conn:
        for _ in range(2):
            make_task(conn, ana)
    assert done(program.get("/api/v1/tasks?limit=2"))["next"] is None


def test_fifty_come_unless_asked_and_a_thousand_at_most(program, installation, ana):
    with installation.write() as conn:
        for _ in range(1001):
            make_task(conn, ana)
    for limit, number in (
        ("", 50),
        ("limit=", 50),
        ("limit=7", 7),
        ("limit=1001", 1000),
        ("limit=" + "9" * 5000, 1000),
    ):
        assert len(done(program.get(f"/api/v1/tasks?{limit}"))["items"]) == number


@pytest.mark.parametrize("limit", ["0", "-1", "1.5", "many", "000", "٣", "1e3", " 1", "0x10"])
def test_a_limit_below_one_or_that_is_no_number_is_refused(program, limit):
    assert refused(program.get("/api/v1/tasks", params={"limit": limit}), 422).keys() == {"limit"}


@pytest.mark.parametrize(
    "cursor", ["x", "12", "bjE", "%00", "dGFza3MgLTE", "é", "A" * 5000, "dGFza3MgMQ==", "bGluZXMgMQ"]
)
def test_a_cursor_that_is_none_of_this_list_is_refused(program, cursor):
    assert refused(program.get("/api/v1/tasks", params={"before": cursor}), 422).keys() == {"before"}


def test_a_list_is_narrowed_by_state_kind_and_words(program, installation, ana):
    with installation.write() as conn:
        make_task(conn, ana, "failed", title="one", kind="email")
        sent = make_task(conn, ana, "done", title="two", kind="email", form={"subject": "Invoice 100%"})
        make_delivery(conn, sent, "lopes@example.com")
        make_task(conn, ana, "attention", title="three", kind="report")
    assert titles(program, state="failed") == ["one"]
    assert titles(program, state=["failed", "attention"]) == ["three", "one"]
    assert titles(program, state="failed,done") == ["two", "one"]
    assert titles(program, kind="email") == ["two", "one"]
    assert titles(program, q="LOPES") == ["two"]
    assert titles(program, q="100%") == ["two"]
    assert titles(program, q="100_") == []
    assert titles(program, state="done", kind="report") == []
    assert titles(program, state="", kind="", q="", owner="", before="") == ["three", "two", "one"]


@pytest.mark.parametrize(
    ("query", "field"),
    [({"state": "asleep"}, "state"), ({"state": ["done", "asleep"]}, "state"), ({"kind": "fax"}, "kind"),
     ({"kind": "\0"}, "kind"), ({"q": "a\0"}, "q"), ({"q": "x" * 321}, "q"), ({"owner": "a\0@example.com"}, "owner")],
)  # fmt: skip
def test_a_filter_that_cannot_be_meant_is_refused(program, query, field):
    assert refused(program.get("/api/v1/tasks", params=query), 422).keys() == {field}


def test_staff_see_their_own_and_admins_all(program, admin_program, installation, ana, root):
    with installation.write() as conn:
        make_task(conn, ana, title="Ana's")
        hers = make_task(conn, root, title="Rut's")
    assert titles(program) == titles(program, owner="me") == titles(program, owner="Ana@Example.com") == ["Ana's"]
    assert titles(program, owner="root@example.com") == []
    assert titles(admin_program) == ["Rut's", "Ana's"]
    assert titles(admin_program, owner="ana@example.com") == ["Ana's"]
    assert titles(admin_program, owner="me") == ["Rut's"]
    assert titles(admin_program, owner="nobody@example.com") == []
    refused(program.get(f"/api/v1/tasks/{hers}"), 404)
    refused(program.post(f"/api/v1/tasks/{hers}/cancel"), 404)
