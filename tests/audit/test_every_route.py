"""Every route that changes or hands out something writes an entry when it succeeds; exceptions have a reason."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.factories import PASSWORD, make_file, make_task
from tests.web.foreign import walk
from tests.web.foreign.asgi import Answer, Server
from tests.web.foreign.good import requests_of
from tests.web.foreign.test_foreign_values import ENDS, OPEN, PROGRAMS
from tests.web.foreign.walk import Good
from tests.web.foreign.world import World, build_world
from webapp import sandbox
from webapp.accounts import people, sessions, tokens
from webapp.audit import trail
from webapp.connections import suppressions
from webapp.db import schema
from webapp.db.migrate import bring_up_to_date
from webapp.installation import Installation, build
from webapp.settings import Settings

# Routes that write no entry, with the reason.
SILENT = {
    "POST /new/notification/preview": "a preview",
    "POST /new/email/preview": "a preview",
    "POST /new/report/preview": "a preview",
    "POST /inbox/read": "marks as read",
    "POST /inbox/{notice_id}": "marks as read",
}
# Buttons of a form that keep and start nothing, by what they post.
STEPS = {
    "POST /new/{kind_name}": {"moved.from", "intent=use-template", "intent=keep-list"},
    "POST /settings/databases/queries": {"intent=remove-parameters-0"},
}
REVIEW = "/new/email/check"  # where an email goes on that is kept as a draft
# Routes that cannot succeed here, with the test that shows their entry.
ELSEWHERE = {
    "POST /setup/{secret}": "tests/web/account/test_setup.py",
    "POST /settings/mail/test": "tests/web/settings/test_overview.py",
    "GET /files/{file_id}/view": "tests/audit/test_entries.py",
}
STARTS_BY_GET = ("/generate-report", "/run-task")
ACTORS = {
    "Rut Admin <root@example.com>",
    "Rut <root@example.com>",
    "Eve <eve@example.com>",
    "Ana Ruiz <ana@example.com>",
    "recipient, by link",
    "webhook A",
    "not signed in",
}
LAST = ["/account/sessions/end", "/account/password", "/login", "/logout"]
LONG_PASSWORD = "a river of long words 7"


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("audited")
    built = build(Settings(data_dir=folder / "data", timezone="Europe/Madrid"))
    bring_up_to_date(built.database)
    yield built
    built.close()


@pytest.fixture(scope="module")
def world(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "call", lambda function, *args, **limits: function(*args))
        yield build_world(installation, tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[Server]:
    running = Server(world.app)
    yield running
    running.close()


def count(installation: Installation) -> int:
    with installation.read() as conn:
        return conn.execute(select(func.count()).select_from(schema.audit)).scalar_one()


def fresh(installation: Installation, folder: Path, key: str) -> Mapping[str, str]:
    """Rows that only this request needs: a task in the state that its button asks for, a session, a token."""
    states = {
        "/cancel": "waiting", "/pause": "waiting", "/resume": "held", "/release": "held", "/retry": "failed",
        "/{action}": "failed",
    }  # fmt: skip
    with installation.write() as conn:
        root = people.by_email(conn, installation.settings, "root@example.com")
        if found := next((state for end, state in states.items() if key.endswith(end) and "/{task_id}/" in key), ""):
            more = {"hold_reason": "paused"} if key.endswith("/resume") else {}
            return {"task_id": str(make_task(conn, root, found, kind="self-test", form={"seconds": 1}, **more))}
        if key == "POST /account/sessions/{session_id}/end":
            session = sessions.find(conn, installation.settings, sessions.start(conn, root.id))
            assert session
            return {"session_id": session.id}
        if key == "POST /account/tokens/{token_id}/revoke":
            tokens.add(conn, root.id, "one more")
            return {"token_id": str(tokens.of_person(conn, root.id)[0].id)}
        if key == "POST /tasks/{task_id}/speed":
            run = {"kind": "email", "queue": "mail", "progress_total": 2}
            return {"task_id": str(make_task(conn, root, "running", form={"to": ["a@x.org", "b@x.org"]}, **run))}
        if key.endswith("/files/{file_id}") and "{task_id}" in key:
            task = make_task(conn, root, "done")
            return {"task_id": str(task), "file_id": make_file(conn, installation.store, task, root, folder)}
        if key == "POST /settings/never/remove":
            suppressions.add(conn, ["max@example.com"], "added")
        if key == "POST /unsubscribe/{token}/undo":
            suppressions.add(conn, ["ben@example.com"], "unsubscribed")
        elif key == "POST /unsubscribe/{token}":
            suppressions.remove(conn, "ben@example.com")
    return {}


def better(key: str, good: Good) -> Good:
    """The request of good.py with what makes it succeed."""
    fields = {
        "POST /invite/{secret}": {"name": "Eve", "zone": "UTC", "password": LONG_PASSWORD},
        "POST /account/password": {"current": PASSWORD, "password": LONG_PASSWORD},
    }.get(key)
    return replace(good, fields=fields) if fields else good


def is_told(method: str, path: str, answer: Answer) -> bool:
    """True if a successful call must write an entry: it changes something, or hands a file out."""
    return method != "GET" or path in STARTS_BY_GET or "attachment" in answer.headers.get("content-disposition", "")


def is_step(key: str, good: Good) -> bool:
    fields = good.fields or {}
    return bool({*fields, f"intent={fields.get('intent')}"} & STEPS.get(key, set()))


def routes_of(world: World) -> list[tuple[str, str]]:
    found = [(method, route.path) for route in world.app.state.routes for method in route.methods]
    return [(method, re.sub(r":\w+}", "}", path)) for method, path in found]


def walked(route: tuple[str, str]) -> tuple[int, bool, bool]:
    """The order of the walk: what ends something comes late, what ends a session last."""
    method, path = route
    return (LAST.index(path) + 1 if path in LAST else 0, path.endswith(ENDS), method != "GET")


def test_every_successful_change_and_download_writes_an_entry(
    world: World, server: Server, installation: Installation, tmp_path: Path
):
    silent, refused = [], []
    ordered = sorted(routes_of(world), key=walked)
    for method, path in ordered:
        key = f"{method} {path}"
        for good in requests_of(method, path, world.names):
            if is_step(key, good):
                continue
            paths = {**good.paths, **fresh(installation, tmp_path, key)}
            question = walk.question(method, path, better(key, replace(good, paths=paths)))
            who = "program" if path.startswith(PROGRAMS) else "admin"
            if path == "/logout":  # the admin's session has been renewed by the change of the password
                who = "staff"
            elif path.startswith(OPEN):
                who = "nobody"
            before = count(installation)
            answer = server.ask(replace(question, headers=[*question.headers, *world.who[who]]))
            written = count(installation) - before
            if not is_told(method, path, answer) or key in SILENT:
                continue
            if answer.status >= 400:
                refused.append((key, answer.status))
            elif not written and not answer.headers.get("location", "").startswith(REVIEW):
                silent.append((key, good.fields or good.paths, answer.status, answer.headers.get("location")))
    assert silent == []
    assert {key for key, _ in refused} <= ELSEWHERE.keys(), refused
    require_who_and_where(installation)


def test_the_exceptions_are_routes(world: World):
    known = {f"{method} {path}" for method, path in routes_of(world)}
    assert {*SILENT, *ELSEWHERE, *STEPS} <= known


def require_who_and_where(installation: Installation) -> None:
    """Every entry says who acted, from which network address and in which session."""
    with installation.read() as conn:
        entries = trail.listing(conn, limit=10_000)
    assert len(entries) > 70
    assert {entry.network for entry in entries} == {"127.0.0.1"}
    assert {entry.who for entry in entries} <= ACTORS
    assert all(entry.session for entry in entries if entry.who.startswith(("Rut", "webhook")))
