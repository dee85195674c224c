"""While the database or the disk does not answer: 503, when to come back, and nothing that is untrue."""

import errno

import pytest
from sqlalchemy.exc import OperationalError

from tests.web.programs import speak

AWAY = {
    "database": OperationalError("select 1", {}, Exception("the server closed the connection unexpectedly")),
    "disk": OSError(errno.ENOSPC, "No space left on device"),
}


@pytest.fixture(params=AWAY.values(), ids=AWAY)
def away(request, installation, signed_in, monkeypatch):
    def raise_it(*args, **more):
        raise request.param

    monkeypatch.setattr(installation.database, "read", raise_it)
    monkeypatch.setattr(installation.database, "write", raise_it)


@pytest.mark.parametrize("path", ["/", "/tasks", "/files", "/account", "/new/email", "/login"])
def test_a_page_says_so_and_when_to_come_back(away, signed_in, path):
    answer = signed_in.get(path)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "may have been saved, or not" in answer.text
    assert "Content-Security-Policy" in answer.headers


def test_a_form_that_is_posted_claims_nothing(away, signed_in):
    answer = signed_in.post("/new/notification", data={"message": "Hi", "channels": "log"})
    assert answer.status_code == 503
    assert "Nothing you typed was sent" not in answer.text


def test_a_program_gets_a_problem_document(away, installation):
    answer = speak(installation, None).get("/api/v1/tasks", headers={"Authorization": "Bearer out_x"})
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"]
