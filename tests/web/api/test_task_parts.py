"""What belongs to a task: lines, deliveries, files."""

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.factories import make_delivery, make_file, make_person, make_task
from tests.serving import everything
from tests.web.programs import done, refused, speak
from webapp.accounts import people
from webapp.clock import now
from webapp.db import schema
from webapp.files import queries as files
from webapp.tasks.transitions import add_line


@pytest.fixture
def task_id(installation, ana):
    with installation.write() as conn:
        return make_task(conn, ana, kind="email", queue="mail")


@pytest.fixture
def file_id(installation, ana, task_id, tmp_path):
    with installation.write() as conn:
        return make_file(conn, installation.store, task_id, ana, tmp_path, name='Ventas "año"\r\n.xlsx', body=b"bytes")


def path(task_id, part=""):
    return f"/api/v1/tasks/{task_id}{part}"


def test_the_log_comes_oldest_first_page_by_page(program, installation, task_id):
    with installation.write() as conn:
        for number in range(5):
            add_line(conn, task_id, f"line {number}")
    lines = everything(program, path(task_id, "/lines"), limit=2)
    assert [line["words"] for line in lines] == ["Started by Ana Ruiz.", "", *(f"line {n}" for n in range(5))]
    assert [line["state"] for line in lines] == ["waiting", "done", *[None] * 5]
    assert all(line.keys() == {"at", "state", "words"} and line["at"].endswith("+00:00") for line in lines)


def test_deliveries_come_by_position_page_by_page(program, installation, task_id):
    with installation.write() as conn:
        for number in range(5):
            make_delivery(conn, task_id, f"p{number}@example.com", position=number)
    rows = everything(program, path(task_id, "/deliveries"), limit=2)
    assert [row["position"] for row in rows] == [0, 1, 2, 3, 4]
    assert rows[0].keys() == {
        "position", "to", "state", "attempts", "reply", "message_id", "next_try", "updated",
    }  # fmt: skip


def test_deliveries_are_narrowed_by_state_and_address(program, installation, task_id):
    with installation.write() as conn:
        make_delivery(conn, task_id, "ana@example.com", "failed", next_try=now())
        make_delivery(conn, task_id, "ben@example.com", "failed")
        make_delivery(conn, task_id, "ana@example.com", "sent")
    assert len(everything(program, path(task_id, "/deliveries"), state="failed")) == 2
    assert len(everything(program, path(task_id, "/deliveries"), state="failed", q="ANA@")) == 1
    assert refused(program.get(path(task_id, "/deliveries?state=lost")), 422).keys() == {"state"}


def test_files_come_in_the_order_in_which_they_were_made(program, installation, ana, task_id, tmp_path):
    with installation.write() as conn:
        for number in range(3):
            make_file(conn, installation.store, task_id, ana, tmp_path, name=f"{number}.csv")
    made = everything(program, path(task_id, "/files"), limit=2)
    assert [file["name"] for file in made] == ["0.csv", "1.csv", "2.csv"]
    assert made == done(program.get(path(task_id)))["files"]


@pytest.mark.parametrize("part", ["/lines", "/deliveries", "/files"])
def test_each_list_refuses_a_wrong_limit_and_the_cursor_of_another(program, installation, task_id, part):
    with installation.write() as conn:
        make_task(conn, people.by_id(conn, installation.settings, 1))
    other = done(program.get("/api/v1/tasks?limit=1"))["next"]
    assert refused(program.get(path(task_id, f"{part}?limit=0")), 422).keys() == {"limit"}
    assert refused(program.get(path(task_id, part), params={"before": other}), 422).keys() == {"before"}


def test_a_download_is_an_attachment_with_its_type_and_checksum(program, task_id, file_id):
    answer = program.get(path(task_id, f"/files/{file_id}"))
    assert (answer.status_code, answer.content) == (200, b"bytes")
    assert answer.headers["content-type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert "filename*=UTF-8''Ventas%20%22a%C3%B1o%22" in answer.headers["content-disposition"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["etag"] == f'"{hashlib.sha256(b"bytes").hexdigest()}"'


def test_a_download_goes_on_where_it_broke_off(program, task_id, file_id):
    whole = program.get(path(task_id, f"/files/{file_id}"))
    assert (whole.headers["content-length"], whole.headers["accept-ranges"]) == ("5", "bytes")
    ranges = {"Range": "bytes=2-", "If-Range": whole.headers["etag"]}
    rest = program.get(path(task_id, f"/files/{file_id}"), headers=ranges)
    assert (rest.status_code, rest.content) == (206, b"tes")
    assert rest.headers["content-range"] == "bytes 2-4/5"


@pytest.mark.parametrize("asked", ["bytes=x", "bytes=3-1", "rows=0-1", "bytes=0-1,3-4", "bytes=-", "2-3", "bytes=٣-"])
def test_a_range_that_makes_no_sense_is_ignored(program, task_id, file_id, asked):
    answer = program.get(path(task_id, f"/files/{file_id}"), headers={"Range": asked.encode()})
    assert (answer.status_code, answer.content) == (200, b"bytes")


def test_a_range_of_another_version_is_ignored(program, task_id, file_id):
    ranges = {"Range": "bytes=9-", "If-Range": '"another"'}
    assert program.get(path(task_id, f"/files/{file_id}"), headers=ranges).content == b"bytes"


@pytest.mark.parametrize("asked", ["bytes=5-", "bytes=999999999-", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused_with_the_size(program, task_id, file_id, asked):
    answer = program.get(path(task_id, f"/files/{file_id}"), headers={"Range": asked})
    refused(answer, 416)
    assert answer.headers["content-range"] == "bytes */5"


def test_a_file_that_was_deleted_or_has_expired_is_gone(program, installation, ana, task_id, file_id):
    with installation.write() as conn:
        conn.execute(update(schema.file).values(expires=now() - timedelta(days=1)))
    refused(program.get(path(task_id, f"/files/{file_id}")), 410)
    with installation.write() as conn:
        conn.execute(update(schema.file).values(expires=now() + timedelta(days=1)))
        files.forget(conn, files.one(conn, file_id, ana))
    refused(program.get(path(task_id, f"/files/{file_id}")), 410)
    assert done(program.get(path(task_id, "/files")))["items"] == []


def test_a_file_is_found_only_under_its_own_task(program, installation, ana, task_id, file_id):
    with installation.write() as conn:
        other = make_task(conn, ana)
    refused(program.get(path(other, f"/files/{file_id}")), 404)


@pytest.mark.parametrize("name", ["f-nothing", "%00", "..%2F..%2Fouttray.db", "f" * 5000, "é"])
def test_a_file_that_never_was_is_not_found(program, task_id, name):
    refused(program.get(path(task_id, f"/files/{name}")), 404)


def test_nothing_of_somebody_elses_task_is_told(installation, root, task_id, file_id, ana):
    with installation.write() as conn:
        ben = make_person(conn, installation.settings, "ben@example.com")
    with speak(installation, ben) as stranger, speak(installation, root) as admin:
        for part in ("", "/lines", "/deliveries", "/files", f"/files/{file_id}"):
            refused(stranger.get(path(task_id, part)), 404)
            assert admin.get(path(task_id, part)).status_code == 200
