"""Whatever goes wrong, a program reads application/problem+json."""

import pytest

from tests.web.programs import number_of_tasks, refused
from webapp.tasks import queries


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/v1", "/api/v1/nothing", "/api/v2/tasks", "/api/v1/tasks/1/nothing"]
)
def test_an_address_where_nothing_is_says_so(program, path):
    refused(program.get(path), 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/v1/tasks", "GET, HEAD, POST"),
        ("OPTIONS", "/api/v1/tasks", "GET, HEAD, POST"),
        ("PUT", "/api/v1/tasks/1", "GET, HEAD"),
        ("GET", "/api/v1/tasks/1/cancel", "POST"),
        ("PATCH", "/run-task", "GET, POST"),
        ("GET", "/send-email/a@example.com", "POST"),
        ("HEAD", "/run-task", "GET, POST"),
        ("HEAD", "/api/v1/tasks/1/retry", "POST"),
        ("POST", "/metrics", "GET, HEAD"),
        ("DELETE", "/healthz", "GET, HEAD"),
        ("GET", "/api/v1/uploads", "POST"),
    ],
)
def test_a_method_that_is_not_there_is_refused_with_those_that_are(program, method, path, allowed):
    answer = program.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["allow"] == allowed


def test_nothing_of_a_programs_is_kept_by_what_is_in_between(program):
    for answer in (program.get("/api/v1/tasks"), program.get("/run-task"), program.get("/api/v1/tasks/99")):
        assert answer.headers["cache-control"] == "no-store"


def test_what_nobody_expected_has_a_reference_and_no_traceback(program, monkeypatch, caplog):
    def broken(*args):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(queries, "one", broken)
    answer = program.get("/api/v1/tasks/1")
    refused(answer, 500)
    assert "secret detail" not in answer.text
    assert answer.json()["reference"] in answer.json()["detail"]
    assert answer.json()["reference"] in caplog.text


def test_words_that_have_no_utf8_are_answered_all_the_same(program):
    body = b'{"kind": "self-test", "form": {"\\ud800": "\\udfff"}}'
    answer = program.post("/api/v1/tasks", content=body)
    assert refused(answer, 422)


def test_an_error_names_where_it_happened(program):
    assert program.get("/api/v1/tasks/99").json()["instance"] == "/api/v1/tasks/99"


def test_a_program_outside_of_the_api_reads_json_where_it_asks_for_it(program):
    refused(program.get("/nothing", headers={"Accept": "application/json"}), 404)
    assert program.get("/nothing").headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/tasks", "/api/v1/tasks/99", "/openapi.json"])
def test_a_look_without_the_body_says_the_same_as_one_with_it(program, path):
    whole, head = program.get(path), program.head(path)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    for name in ("content-type", "content-length"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize("path", ["/run-task", "/generate-report"])
def test_a_look_without_the_body_starts_nothing(program, installation, ana, path):
    assert program.head(path).status_code == 405
    assert number_of_tasks(installation) == 0
