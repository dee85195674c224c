"""Every route × every kind of visitor: one table says what each gets, one walk compares."""

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import Enum

import pytest
from sqlalchemy import update

from tests.factories import make_person
from tests.web.foreign import walk
from tests.web.foreign.asgi import Answer, Headers, Question, Server
from tests.web.foreign.good import requests_of
from tests.web.foreign.world import World, build_world
from webapp.accounts import people, sessions, tokens
from webapp.clock import now
from webapp.db import schema
from webapp.db.migrate import bring_up_to_date
from webapp.installation import Installation, build
from webapp.settings import Settings
from webapp.web.http.budget import RouteRule, Visitor
from webapp.web.http.cookies import COOKIE


class Got(Enum):
    """What an answer means for the one who asked."""

    IN = "the route does its work, or says why it cannot"
    SIGN_IN = "303 to the sign-in, or 401 to a program or a poll"
    FORBIDDEN = "403"
    ABSENT = "404: not theirs, so it does not exist for them"


IN, SIGN_IN, FORBIDDEN, ABSENT = Got
# The one table: what each visitor gets from routes for …; the owner of everything in the world is the admin.
OUTSIDE = {Visitor.ANYONE: IN, Visitor.SIGNED_IN: SIGN_IN, Visitor.ADMIN: SIGN_IN, Visitor.PROGRAM: SIGN_IN}
EXPECTED: Mapping[str, Mapping[Visitor, Got]] = {
    "nobody": OUTSIDE,
    "staff": {**OUTSIDE, Visitor.SIGNED_IN: IN, Visitor.ADMIN: FORBIDDEN},
    "admin": {**OUTSIDE, Visitor.SIGNED_IN: IN, Visitor.ADMIN: IN},
    "disabled": OUTSIDE,
    "ended session": OUTSIDE,
    "token": {**OUTSIDE, Visitor.PROGRAM: IN},
    "staff's token": {**OUTSIDE, Visitor.PROGRAM: IN},
    "revoked token": OUTSIDE,
    "disabled's token": OUTSIDE,
}
OTHERS = ("staff", "staff's token")  # who own nothing in the world
OWNED = re.compile(r"{(task_id|file_id|data_id|list_id|kept_id|notice_id|token_id|session_id)(:id)?}")
# Routes that differ from the table, each with its reason.
EXCEPTIONS: Mapping[tuple[str, str], Got] = {
    ("GET", "/setup"): SIGN_IN,  # there is an admin already
    ("POST", "/logout"): SIGN_IN,  # leads to the sign-in
}
EXCEPTIONS_OF: Mapping[tuple[str, str, str], Got] = {
    ("staff", "POST", "/inbox/{notice_id:id}"): IN,  # marks nothing: the notice is another's
    ("staff", "POST", "/shortcuts/{kept_id:id}/remove"): IN,  # removes nothing: the shortcut is another's
    ("staff's token", "GET", "/metrics"): FORBIDDEN,  # for tokens of admins
}
FOREIGN = {"origin": b"http://evil.example", "sec-fetch-site": b"cross-site"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("matrix")
    installation = build(Settings(data_dir=folder / "data"))
    bring_up_to_date(installation.database)
    logging.disable(logging.CRITICAL)
    made = build_world(installation, folder)
    yield replace(made, who={**made.who, "token": made.who["program"], **_more(installation)})
    logging.disable(logging.NOTSET)
    installation.close()


def _more(installation: Installation) -> Mapping[str, Headers]:
    with installation.write() as conn:
        gone = make_person(conn, installation.settings, "gone@example.com", "Gone", role="admin")
        root, ana = (people.by_email(conn, installation.settings, f"{one}@example.com") for one in ("root", "ana"))
        cookies = {"disabled": sessions.start(conn, gone.id), "ended session": sessions.start(conn, root.id)}
        sessions.end(conn, cookies["ended session"])
        named = {"disabled's token": gone, "revoked token": root, "staff's token": ana}
        found = {name: tokens.add(conn, owner.id, name) for name, owner in named.items()}
        conn.execute(schema.token.delete().where(schema.token.c.name == "revoked token"))
        conn.execute(update(schema.person).where(schema.person.c.id == gone.id).values(disabled=now()))
    page = [(b"sec-fetch-site", b"same-origin"), (b"accept", b"text/html")]
    browsers = {name: [(b"cookie", f"{COOKIE}={cookie}".encode()), *page] for name, cookie in cookies.items()}
    return {**browsers, **{name: [(b"authorization", f"Bearer {one}".encode())] for name, one in found.items()}}


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[Server]:
    running = Server(world.app)
    yield running
    running.close()


def routes(world: World) -> list[tuple[str, str, RouteRule, Question]]:
    """Every route with one good request; those that end or remove something come last."""
    rules: Mapping[tuple[str, str], RouteRule] = world.app.state.rules
    found = []
    for (method, path), rule in sorted(rules.items(), key=lambda one: (one[0][0] != "GET", one[0][1].endswith(ENDS))):
        plain = re.sub(r":\w+}", "}", path)
        good = requests_of(method, plain, world.names)[0]
        found.append((method, path, rule, walk.question(method, plain, good)))
    return found


ENDS = ("/remove", "/delete", "/disable", "/enable", "/revoke", "/end", "/cancel")
ENDS_SESSIONS = ("/login", "/logout", "/sessions/end", "/password")


def got(answer: Answer) -> Got:
    leads = answer.headers.get("location", "") or answer.headers.get("hx-redirect", "")
    if answer.status == 401 or leads.startswith("/login"):
        return SIGN_IN
    return {403: FORBIDDEN, 404: ABSENT}.get(answer.status, IN)


def expected(who: str, method: str, path: str, rule: RouteRule) -> set[Got]:
    """Returns what the visitor may get: a route that lets in may also find nothing."""
    special = EXCEPTIONS_OF.get((who, method, path)) or EXCEPTIONS.get((method, path))
    wanted = special or EXPECTED[who][rule.visitor]
    if special is None and wanted is IN and who in OTHERS and OWNED.search(path) and rule.visitor is not Visitor.ANYONE:
        return {ABSENT}
    return {IN, ABSENT} if wanted is IN else {wanted}


@pytest.mark.parametrize("who", EXPECTED)
def test_every_route_answers_as_the_table_says(world: World, server: Server, who: str):
    wrong = []
    for method, path, rule, question in routes(world):
        if path.endswith(ENDS_SESSIONS) or (who in ("admin", "token") and path.endswith(ENDS)):
            continue  # the world and the session are needed whole; tests of these pages try them
        given = [name for name, _ in question.headers]
        usual = [pair for pair in world.who[who] if pair[0] not in given]
        answer = server.ask(replace(question, headers=[*question.headers, *usual]))
        if (found := got(answer)) not in (wanted := expected(who, method, path, rule)):
            wrong.append(f"{method} {path}: {answer.status} {found.name}, expected {[one.name for one in wanted]}")
    assert wrong == []


@pytest.mark.parametrize("name", FOREIGN)
def test_no_route_does_anything_for_a_form_of_another_site(world: World, server: Server, name: str):
    wrong = []
    for method, path, rule, question in routes(world):
        if method == "GET" or rule.visitor is Visitor.PROGRAM or path.startswith("/hooks/"):
            continue
        usual = [pair for pair in world.who["admin"] if pair[0] != b"sec-fetch-site"]
        foreign = [(name.encode(), FOREIGN[name])]
        answer = server.ask(replace(question, headers=[*question.headers, *usual, *foreign]))
        if answer.status != 403:
            wrong.append(f"{method} {path}: {answer.status}")
    assert wrong == []
