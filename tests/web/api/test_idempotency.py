"""Idempotency-Key: one key starts one task, however often and however quickly it comes."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import delete

from tests.web.programs import EMAIL, SELFTEST, done, number_of_tasks, on_postgresql, refused, start
from webapp.db import schema
from webapp.tasks import commands


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request, settings, tmp_path):
    """The same on both databases; on PostgreSQL nothing but the unique index keeps two writers apart."""
    return settings if request.param == "sqlite" else on_postgresql(tmp_path)


def test_the_same_key_and_body_give_the_same_task(program, installation, ana):
    first = done(start(program, {**SELFTEST, "not_before": "2099-01-01T10:00:00+01:00"}, key="order-17"), 201)
    again = {"undo": False, "not_before": "2099-01-01T09:00:00Z", "form": {"seconds": 0.5}, "kind": "self-test"}
    assert done(start(program, again, key="order-17"), 200)["id"] == first["id"]
    assert number_of_tasks(installation) == 1


@pytest.mark.parametrize(
    "other", [EMAIL, {**SELFTEST, "undo": True}, {**SELFTEST, "not_before": "2099-01-01T00:00:00Z"},
              {"kind": "self-test", "form": {"seconds": "wrong"}}]
)  # fmt: skip
def test_the_same_key_with_another_body_is_a_conflict(program, installation, ana, other):
    done(start(program, key="k"), 201)
    refused(start(program, other, key="k"), 409)
    assert number_of_tasks(installation) == 1


def test_the_task_of_a_key_is_found_although_its_form_would_be_refused_today(program, installation, ana, tmp_path):
    table = program.post("/api/v1/uploads", files={"file": ("a.csv", b"x,y\n1,2\n")}).json()
    body = {"kind": "report", "form": {"data": table["id"]}}
    first = done(start(program, body, key="k"), 201)
    with installation.write() as conn:
        conn.execute(delete(schema.upload))
    assert done(start(program, body, key="k"), 200)["id"] == first["id"]


def test_a_refused_start_leaves_its_key_free(program):
    refused(start(program, {"kind": "email", "form": {}}, key="k"), 422)
    done(start(program, EMAIL, key="k"), 201)


def test_a_key_belongs_to_its_owner(program, admin_program):
    mine, theirs = done(start(program, key="k"), 201), done(start(admin_program, EMAIL, key="k"), 201)
    assert mine["id"] != theirs["id"]


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\tinside"])
def test_a_key_that_is_empty_or_too_long_is_refused(program, installation, ana, key):
    assert refused(start(program, key=key), 422).keys() == {"Idempotency-Key"}
    assert number_of_tasks(installation) == 0


def test_a_key_may_have_255_characters(program):
    first = done(start(program, key="x" * 255), 201)
    assert done(start(program, key="x" * 255), 200)["id"] == first["id"]


def test_a_key_of_a_form_page_is_no_key_of_a_program(program, installation, ana):
    kind = installation.kind("self-test")
    with installation.write() as conn:
        page = commands.start(conn, installation.engine, kind, kind.form(), ana, key="k")
    assert done(start(program, key="k"), 201)["id"] != page.id


def test_requests_with_one_key_at_the_same_moment_start_one_task(program, installation):
    together = Barrier(8)

    def press(_):
        together.wait(30)
        return start(program, EMAIL, key="order-17")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(press, range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert number_of_tasks(installation) == 1


def test_of_two_bodies_with_one_key_at_the_same_moment_one_is_a_conflict(program, installation):
    together = Barrier(2)

    def press(body):
        together.wait(30)
        return start(program, body, key="order-17").status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(press, [EMAIL, SELFTEST])) == [201, 409]
    assert number_of_tasks(installation) == 1
