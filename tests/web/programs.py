"""Programs that speak to a house with their tokens, and what tests look for in the answers."""

import json
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from httpx import Response

from tests import postgres
from webapp.accounts import tokens
from webapp.app import create_app
from webapp.db.migrate import bring_up_to_date
from webapp.installation import Installation, build
from webapp.ports.people import Person
from webapp.settings import Settings
from webapp.tasks import queries


def speak(installation: Installation, person: Person | None) -> TestClient:
    """A program with this person's token; without one where there is no person."""
    headers = {}
    if person:
        with installation.write() as conn:
            headers["Authorization"] = "Bearer " + tokens.add(conn, person.id, "program")
    return TestClient(create_app(installation), headers=headers, follow_redirects=False, raise_server_exceptions=False)


def refused(answer: Response, status: int) -> dict[str, str]:
    """The refused fields of a problem document, with their words."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == "about:blank"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return {one["field"]: one["message"] for one in body.get("errors", [])}


def done(answer: Response, status: int = 200) -> Any:
    """The body of an answer that is well."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def on_postgresql(folder: Path) -> Settings:
    """Settings of a house on an empty PostgreSQL database."""
    settings = Settings(data_dir=folder / "pg", database_url=postgres.new_database())
    built = build(settings)
    bring_up_to_date(built.database)
    built.close()
    return settings


SELFTEST = {"kind": "self-test", "form": {"seconds": 0.5}}
EMAIL = {"kind": "email", "form": {"to": "ben@example.com", "subject": "Hello", "body": "Hi"}}


def start(program: TestClient, body: Any = SELFTEST, key: str | None = None) -> Response:
    """What POST /api/v1/tasks answers."""
    headers = {"Content-Type": "application/json"} | ({} if key is None else {"Idempotency-Key": key})
    return program.post("/api/v1/tasks", content=json.dumps(body), headers=headers)  # escapes what has no UTF-8


def number_of_tasks(installation: Installation) -> int:
    with installation.read() as conn:
        return len(queries.recent(conn, queries.View(None), 1000))
