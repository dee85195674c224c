"""“Did Ana get it?”: one search over all tasks, by address or by anything in the row of a list."""

import pytest

from tests.factories import make_delivery, make_person, make_task
from webapp.tasks import queries
from webapp.tasks.model import name_in
from webapp.tasks.queries import View
from webapp.tasks.views.recipient_search import answers

ROW = {"Name": "María López", "City": "Lugo 100%", "No": "007"}


@pytest.fixture
def task_id(installation, ana) -> int:
    with installation.write() as conn:
        found = make_task(conn, ana, kind="email", title="News", sender="Office <info@example.com>")
        make_delivery(conn, found, "maria@example.com", data=ROW, reply="The mail server accepted it.")
        make_delivery(conn, found, "bob_x@example.com", "failed", data={"Name": "Bob"}, reply="No such address.")
    return found


def found(installation, person, words: str) -> list[tuple[str, str, str]]:
    with installation.read() as conn:
        return [(one.name or one.to, one.result, one.returns_to) for one in answers(conn, person, words)]


@pytest.mark.parametrize("words", ["maria@", "MARIA@EXAMPLE", "lópez", "LÓPEZ", "lugo 100%", "007", "o 10"])
def test_somebody_is_found_by_anything_of_their_row(installation, ana, task_id, words):
    assert found(installation, ana, words) == [("María López", "sent", "info@example.com")]
    with installation.read() as conn:
        assert [task.id for task in queries.recent(conn, View(None, words=words))] == [task_id]
        assert [row.name for row in queries.deliveries(conn, task_id, words=words)] == ["María López"]


@pytest.mark.parametrize("words", ["b%x", "lugo_100", "bob/", "zoe", "\\"])
def test_signs_stand_for_themselves(installation, ana, task_id, words):
    assert found(installation, ana, words) == []


def test_who_did_not_get_it_is_told_too(installation, ana, task_id):
    assert found(installation, ana, "bob_x") == [("Bob", "failed", "")]


def test_staff_find_their_own_and_admins_all(installation, ana, root, task_id):
    with installation.write() as conn:
        ben = make_person(conn, installation.settings, "ben@example.com")
    assert found(installation, ben, "maria@") == []
    assert len(found(installation, root, "maria@")) == 1


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ({"NAME": "Ana"}, "Ana"),
        ({"First name": "Ana", "Surname": "Ruiz"}, "Ana Ruiz"),
        ({"First Name": "Ana", "Town": "Rome"}, "Ana"),
        ({"Name": "", "Full  name": "Ana Ruiz"}, "Ana Ruiz"),
        ({"Town": "Rome"}, ""),
        ({}, ""),
    ],
)
def test_whom_a_row_is_about_is_told_by_its_columns(row, name):
    assert name_in(row) == name
