"""The guards of routes: people, admins, programs, and what a poll may learn from memory."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from webapp.accounts import commands, sessions, tokens
from webapp.clock import now
from webapp.db import schema
from webapp.web.http import deps
from webapp.web.http.cookies import COOKIE

s = schema.session


@pytest.fixture
def guarded(installation):
    """An application with a route behind each guard."""
    app = FastAPI()
    app.state.installation, app.state.page_paths = installation, set()
    deps.guard(app)

    @app.get("/program")
    def program(person: deps.Program) -> str:
        return person.email

    @app.get("/person")
    def person(person: deps.SignedIn) -> str:
        return person.email

    return TestClient(app, follow_redirects=False)


@pytest.fixture
def cookie(installation, ana):
    with installation.write() as conn:
        return sessions.start(conn, ana.id)


@pytest.fixture
def token(installation, ana):
    with installation.write() as conn:
        return tokens.add(conn, ana.id, "script")


def polls(client, cookie):
    """Who polls with that cookie, as far as memory tells."""
    request = SimpleNamespace(
        app=client.app,
        cookies={COOKIE: cookie},
        scope={"type": "http", "scheme": "http", "headers": []},
    )
    return deps.poll_session(request)


def test_a_token_names_its_owner(guarded, token):
    answer = guarded.get("/program", headers={"Authorization": f"Bearer {token}"})
    assert answer.json() == "ana@example.com"


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer ", "Bearer out_wrong", "Basic out_x", "Bearer é"])
def test_without_a_token_that_works_a_program_gets_a_problem_document(guarded, given):
    answer = guarded.get("/program", headers={"Authorization": given.encode()} if given else {})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 401


def test_a_browsers_cookie_is_no_token(guarded, cookie):
    guarded.cookies = {COOKIE: cookie}
    assert guarded.get("/person").status_code == 200
    assert guarded.get("/program").status_code == 401


def test_a_token_is_no_session(guarded, token):
    guarded.cookies = {COOKIE: token}
    assert guarded.get("/person", headers={"Authorization": f"Bearer {token}"}).status_code == 303


def test_the_token_of_a_disabled_person_opens_nothing(guarded, installation, ana, token):
    with installation.write() as conn:
        commands.disable(conn, ana)
    assert guarded.get("/program", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_the_use_of_a_token_is_noted(guarded, installation, token):
    guarded.get("/program", headers={"Authorization": f"Bearer {token}"})
    with installation.read() as conn:
        assert conn.execute(select(schema.token.c.used)).scalar_one() is not None


def test_staff_may_not_see_what_is_for_admins(signed_in, admin):
    assert admin.get("/people").status_code == 200
    answer = signed_in.get("/people")
    assert answer.status_code == 403
    assert "This page is for admins." in answer.text


def test_before_there_is_an_admin_everything_leads_to_the_set_up(client):
    for path in ("/", "/account", "/login", "/files"):
        assert client.get(path).headers["location"] == "/setup"


def test_memory_knows_nobody_until_the_database_was_asked(guarded, installation, cookie):
    assert polls(guarded, cookie) is None
    guarded.cookies = {COOKIE: cookie}
    guarded.get("/person")
    installation.look_for_changes()
    assert polls(guarded, cookie).email == "ana@example.com"
    assert polls(guarded, "x") is None
    assert polls(guarded, "") is None


@pytest.mark.parametrize(
    "change",
    [
        lambda conn, person, cookie: sessions.end(conn, cookie),
        lambda conn, person, cookie: sessions.end_all(conn, person.id),
        lambda conn, person, cookie: commands.disable(conn, person),
        lambda conn, person, cookie: commands.set_password(conn, person, "new"),
        lambda conn, person, cookie: commands.set_profile(conn, person, "Anna", "Europe/Madrid"),
        lambda conn, person, cookie: commands.set_role(conn, person, "admin"),
    ],
)
def test_every_change_to_a_person_empties_memory_at_once(guarded, installation, ana, cookie, change):
    guarded.cookies = {COOKIE: cookie}
    guarded.get("/person")
    installation.look_for_changes()
    assert polls(guarded, cookie) is not None
    with installation.write() as conn:
        change(conn, ana, cookie)
    assert polls(guarded, cookie) is None


def test_memory_forgets_a_session_that_ended_by_itself(guarded, installation, cookie):
    with installation.write() as conn:
        conn.execute(update(s).values(expires=now() + timedelta(seconds=60)))
    guarded.cookies = {COOKIE: cookie}
    guarded.get("/person")
    installation.look_for_changes()
    session = deps.SessionCache()
    with installation.read() as conn:
        found = sessions.find(conn, installation.settings, cookie)
    session.keep(1, found)
    assert session.find(1, found.hash) is not None
    gone = sessions.Session(
        hash=found.hash,
        person=found.person,
        created=found.created,
        seen=found.seen,
        expires=now() - timedelta(seconds=1),
        agent="",
    )
    session.keep(1, gone)
    assert session.find(1, found.hash) is None


def test_what_was_read_at_an_older_version_never_replaces_what_is_newer(installation, cookie):
    with installation.read() as conn:
        found = sessions.find(conn, installation.settings, cookie)
    cache = deps.SessionCache()
    cache.keep(7, found)
    cache.keep(6, found)
    assert cache.find(7, found.hash)
    assert cache.find(6, found.hash) is None
    cache.keep(8, found)
    assert cache.find(7, found.hash) is None


def test_a_poll_does_not_keep_a_session_alive_and_a_press_does(signed_in, installation):
    old = now() - timedelta(days=3)

    def seen():
        with installation.read() as conn:
            return conn.execute(select(s.c.seen)).scalar_one()

    with installation.write() as conn:
        conn.execute(update(s).values(seen=old))
    assert signed_in.get("/tasks/log?seen=0", headers={"HX-Request": "true"}).status_code == 200
    assert seen() == old
    signed_in.get("/account")
    assert seen() > now() - timedelta(minutes=1)


def test_a_poll_of_a_session_that_ended_is_refused(client):
    assert client.get("/tasks/log?seen=0", headers={"HX-Request": "true"}).status_code == 401
