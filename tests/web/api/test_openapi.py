"""/openapi.json: the whole of the interface for programs, true and with examples that work."""

import json

import pytest

from tests.factories import make_delivery, make_file, make_task
from tests.web.programs import done, start
from tests.web.schemas import wrong
from webapp import __version__
from webapp.kinds import KINDS

OPEN = {"/healthz", "/readyz", "/hooks/{secret}"}
PROBLEM = {"schema": {"$ref": "#/components/schemas/Problem"}}


@pytest.fixture
def document(stranger):
    return done(stranger.get("/openapi.json"))


def operations(document):
    return {
        (method.upper(), path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_it_names_every_call_of_the_interfaces_and_no_page(document):
    assert set(operations(document)) == {
        ("POST", "/send-notification/{email}"),
        ("POST", "/send-email/{email}"),
        ("GET", "/generate-report"),
        ("POST", "/generate-report"),
        ("GET", "/run-task"),
        ("POST", "/run-task"),
        ("POST", "/api/v1/tasks"),
        ("GET", "/api/v1/tasks"),
        ("GET", "/api/v1/tasks/{task_id}"),
        *(("GET", f"/api/v1/tasks/{{task_id}}/{part}") for part in ("lines", "deliveries", "files")),
        ("GET", "/api/v1/tasks/{task_id}/files/{file_id}"),
        *(("POST", f"/api/v1/tasks/{{task_id}}/{act}") for act in ("cancel", "retry", "pause", "resume", "release")),
        ("POST", "/api/v1/uploads"),
        ("POST", "/hooks/{secret}"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
    }


def test_every_call_but_health_needs_a_token(document):
    schemes = document["components"]["securitySchemes"]
    assert [scheme["scheme"] for scheme in schemes.values()] == ["bearer"]
    for (_, path), operation in operations(document).items():
        assert ("security" in operation) == (path not in OPEN)
        assert ("401" in operation["responses"]) == (path not in OPEN)


def test_every_refusal_is_a_problem_document(document):
    for call, operation in operations(document).items():
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert response["content"] == {"application/problem+json": PROBLEM}, (call, status)


def test_every_reference_leads_somewhere(document):
    def references(value):
        if isinstance(value, dict):
            yield from [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from references(inner)

    names = {reference.removeprefix("#/components/schemas/") for reference in references(document)}
    assert names <= document["components"]["schemas"].keys()
    assert {kind.form.__name__ for kind in KINDS.values()} <= names


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does(document):
    found = operations(document).values()
    assert len({operation["operationId"] for operation in found}) == len(found)
    assert all(operation["description"] for operation in found)


def test_there_is_an_example_of_each_kind_and_it_works(document, program):
    body = operations(document)["POST", "/api/v1/tasks"]["requestBody"]["content"]["application/json"]
    assert set(body["examples"]) == set(KINDS)
    for example in body["examples"].values():
        assert list(wrong(document, body["schema"], example["value"])) == []
        done(start(program, example["value"]), 201)


@pytest.mark.parametrize("path", ["/send-notification/{email}", "/send-email/{email}"])
def test_the_examples_of_the_article_work(document, program, path):
    content = operations(document)["POST", path]["requestBody"]["content"]
    example = content["application/json"]["example"]
    done(program.post(path.replace("{email}", "ana@example.com"), json=example))
    done(program.post(path.replace("{email}", "ana@example.com"), data=example))


def test_what_is_answered_is_as_the_document_says(document, program, installation, ana, tmp_path):
    with installation.write() as conn:
        task = make_task(conn, ana, "attention", progress_done=1, progress_total=2, reference="R-7F3K")
        make_delivery(conn, task, "b@example.com")
        make_file(conn, installation.store, task, ana, tmp_path)
    paths = ["/api/v1/tasks", *(f"/api/v1/tasks/{{task_id}}{part}" for part in ("", "/lines", "/deliveries", "/files"))]
    for path in paths:
        schema = operations(document)["GET", path]["responses"]["200"]["content"]["application/json"]["schema"]
        answer = done(program.get(path.replace("{task_id}", str(task))))
        assert list(wrong(document, schema, answer)) == []
    problem = {"$ref": "#/components/schemas/Problem"}
    assert list(wrong(document, problem, program.get("/api/v1/tasks/99").json())) == []
    assert list(wrong(document, problem, start(program, {}).json())) == []


def test_the_examples_of_the_answers_are_as_the_document_says(document):
    for schema in document["components"]["schemas"].values():
        for example in schema.get("examples", []):
            assert list(wrong(document, schema, example)) == []


def test_it_leads_to_no_page_that_loads_scripts_from_elsewhere(stranger):
    for path in ("/docs", "/redoc"):
        assert stranger.get(path).status_code in (303, 404)


def test_it_says_which_version_it_is(document):
    assert document["info"]["version"] == __version__
    assert json.dumps(document).count("HTTPValidationError") == 0
