"""POST /api/v1/tasks: what starts a task, and what is wrong with what does not."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import make_file, make_person, make_task
from tests.web.programs import EMAIL, SELFTEST, done, number_of_tasks, refused, speak, start
from webapp.clock import now
from webapp.tasks import queries

FIELDS = {
    "id", "kind", "title", "owner", "state", "hold_reason", "progress", "outcome", "reference", "created", "started",
    "finished", "attempt", "files",
}  # fmt: skip


def test_a_start_answers_with_the_task_and_where_it_is(program):
    answer = start(program)
    task = done(answer, 201)
    assert task.keys() == FIELDS
    assert (task["kind"], task["owner"], task["state"]) == ("self-test", "ana@example.com", "waiting")
    assert task["progress"] == {"done": 0, "total": None, "words": ""}
    assert answer.headers["location"] == f"/api/v1/tasks/{task['id']}"
    assert done(program.get(answer.headers["location"])) == task


def test_times_are_in_utc_with_microseconds_even_when_these_are_zero(program, installation, ana):
    with installation.write() as conn:
        task_id = make_task(conn, ana, created=datetime(2026, 11, 3, 10, 42, 7, tzinfo=UTC))
    assert done(program.get(f"/api/v1/tasks/{task_id}"))["created"] == "2026-11-03T10:42:07.000000+00:00"


def test_a_task_names_its_files(program, installation, ana, tmp_path):
    with installation.write() as conn:
        task_id = make_task(conn, ana, kind="report")
        file_id = make_file(conn, installation.store, task_id, ana, tmp_path, body=b"abc")
    (file,) = done(program.get(f"/api/v1/tasks/{task_id}"))["files"]
    assert file.keys() == {"id", "name", "size", "sha256", "media_type", "expires"}
    assert (file["id"], file["name"], file["size"]) == (file_id, "sales.xlsx", 3)


def test_the_form_of_the_interfaces_starts_each_kind(program):
    forms = {
        "notification": {"to": ["ana@example.com"], "channels": ["log"], "title": "Orders", "message": "Ready."},
        "email": {"to": ["ana@example.com", "ben@example.com"], "subject": "Hello", "body": "Hi"},
        "report": {"data": "people"},
        "self-test": {"fail": True, "seconds": 1},
    }
    for kind, form in forms.items():
        assert done(start(program, {"kind": kind, "form": form}), 201)["kind"] == kind


def test_programs_have_no_undo_window_unless_they_ask(program, installation, ana):
    at_once, later = done(start(program, EMAIL), 201), done(start(program, {**EMAIL, "undo": True}), 201)
    with installation.read() as conn:
        assert queries.one(conn, at_once["id"], ana).undo_until is None
        assert queries.one(conn, later["id"], ana).undo_until is not None


def test_a_task_waits_for_its_time(program, installation, ana):
    task = done(start(program, {**SELFTEST, "not_before": "2099-01-01T10:00:00+01:00"}), 201)
    with installation.read() as conn:
        assert queries.one(conn, task["id"], ana).not_before == datetime(2099, 1, 1, 9, tzinfo=UTC)


def test_a_time_that_has_passed_means_now(program, installation, ana):
    task = done(start(program, {**SELFTEST, "not_before": "2020-01-01T00:00:00Z"}), 201)
    with installation.read() as conn:
        assert now() - queries.one(conn, task["id"], ana).not_before < timedelta(minutes=1)


@pytest.mark.parametrize(
    "given",
    ["2099-01-01T10:00:00", "2099-01-01", "tomorrow", "", 1_900_000_000, True, [], "9999-12-31T23:59:59-12:00",
     "0001-01-01T00:00:00+12:00"],
)  # fmt: skip
def test_a_time_without_a_zone_or_that_is_none_is_refused(program, given):
    assert "zone" in refused(start(program, {**SELFTEST, "not_before": given}), 422)["not_before"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "kind"),
        ({"kind": "nothing"}, "kind"),
        ({"kind": 5}, "kind"),
        ({"kind": ["email"]}, "kind"),
        ({"kind": "email\0"}, "kind"),
        ({"kind": "email", "form": []}, "form"),
        ({"kind": "email", "form": None}, "form"),
        ({**SELFTEST, "undo": "yes"}, "undo"),
        ({**SELFTEST, "undo": None}, "undo"),
        ({**SELFTEST, "notbefore": None}, "notbefore"),
    ],
)
def test_what_is_wrong_around_the_form_is_named(program, installation, ana, body, field):
    assert field in refused(start(program, body), 422)
    assert number_of_tasks(installation) == 0


def test_each_wrong_field_of_a_form_has_one_entry_in_plain_words(program, installation, ana):
    form = {"to": "nobody", "subject": "", "body": 5, "colour": "red"}
    errors = refused(start(program, {"kind": "email", "form": form}), 422)
    assert errors == {
        "to": "“nobody” has no @.",
        "subject": "Write a subject.",
        "body": "The message must be a text.",
        "colour": "There is no field “colour”.",
    }
    assert number_of_tasks(installation) == 0


def test_a_wrong_entry_of_a_list_is_pointed_out(program):
    form = {"data": "sales", "columns": ["Region", 5], "format": "docx"}
    errors = refused(start(program, {"kind": "report", "form": form}), 422)
    assert errors.keys() == {"columns", "format"}
    assert errors["columns"] == "Entry 2: This must be a text."


def test_what_only_the_data_can_tell_is_refused_too(program):
    unknown = refused(start(program, {"kind": "report", "form": {"data": "u-nothing"}}), 422)
    assert unknown.keys() == {"data"}
    columns = refused(start(program, {"kind": "report", "form": {"data": "people", "columns": ["Shoe size"]}}), 422)
    assert "“Shoe size”" in columns["columns"]


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "a\udfffb"])
def test_characters_that_no_database_keeps_are_refused_at_their_field(program, text):
    form = {**EMAIL["form"], "subject": text}
    assert refused(start(program, {"kind": "email", "form": form}), 422).keys() == {"subject"}
    assert refused(start(program, {"kind": "report", "form": {"data": "people", "columns": [text]}}), 422).keys() == {
        "columns"
    }


def test_a_field_whose_name_is_half_a_character_is_answered(program):
    assert refused(start(program, {"kind": "self-test", "form": {"\ud800": 1}}), 422)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"email"', b"kind=email", b"\xff\xfe\xfd", b'{"kind": NaN}', b'{"kind": Infinity}',
     b'{"kind": "self-test", "form": {"seconds": 1e999}}', b'{"kind": "self-test", "form": {"seconds": NaN}}',
     b"[" * 100_000, b'{"a":' * 100_000, b'{"kind": "self-test", "form": ' + b'{"a":' * 30 + b"1" + b"}" * 31,
     b'{"kind": ' + b"9" * 5_000 + b"}"],
    ids=range(15),
)  # fmt: skip
def test_a_body_that_is_no_json_object_is_refused(program, installation, ana, body):
    refused(program.post("/api/v1/tasks", content=body, headers={"Content-Type": "application/json"}), 422)
    assert number_of_tasks(installation) == 0


@pytest.mark.parametrize(
    "body", [b'{"kind": "self-test", "kind": "email"}', b'{"kind": "self-test", "form": {"a": 1, "a": 1}}']
)
def test_a_name_that_comes_twice_is_refused_for_nobody_knows_which_counts(program, installation, ana, body):
    refused(program.post("/api/v1/tasks", content=body), 422)
    assert number_of_tasks(installation) == 0


def test_a_body_over_the_limit_is_refused_while_it_comes(program):
    sent = iter([b'{"kind": "'] + [b"x" * (1 << 20)] * 11)
    refused(program.post("/api/v1/tasks", content=sent), 413)


def test_a_person_whose_name_is_no_latin_is_named_in_the_log(installation):
    with installation.write() as conn:
        person = make_person(conn, installation.settings, "li@example.com", "李 Ağaoğlu")
    with speak(installation, person) as client:
        task = done(start(client), 201)
        (line,) = done(client.get(f"/api/v1/tasks/{task['id']}/lines"))["items"]
    assert line["words"] == "Started by 李 Ağaoğlu."
