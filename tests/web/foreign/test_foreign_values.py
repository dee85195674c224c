"""Every parameter of every route, filled with what nobody means: refused or left out, never an error of ours."""

import json
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pytest

from tests import postgres
from tests.web.foreign import walk
from tests.web.foreign.asgi import Answer, Question, Server
from tests.web.foreign.asked import Asked, recording
from tests.web.foreign.good import requests_of
from tests.web.foreign.values import TEXTS, quoted
from tests.web.foreign.walk import Case, Good
from tests.web.foreign.world import World, build_world
from webapp import sandbox
from webapp.db.migrate import bring_up_to_date
from webapp.installation import build
from webapp.settings import Settings

PROGRAMS = ("/api/", "/send-", "/generate-report", "/run-task", "/metrics", "/hooks/", "/healthz", "/readyz")
OPEN = ("/login", "/logout", "/setup", "/invite/", "/unsubscribe/", "/hooks/", "/healthz", "/readyz")
ENDS = ("/remove", "/delete", "/disable", "/revoke", "/end", "/logout", "/cancel")  # walked last: the rows are needed
ENDS_SESSIONS = ("/login", "/logout")
HEADERS_ON = ("/", "/login", "/tasks/log", "/account", "/files/{file_id}/download", "/api/v1/tasks", "/hooks/{secret}")
IN_PATHS, IN_QUERIES, IN_FIELDS, IN_BODIES, IN_HEADERS = 4, 3, 2, 3, 5  # values for each parameter


@dataclass(frozen=True, kw_only=True)
class Place:
    """One way to ask one route, and the parameters that it looked at when it was asked so."""

    method: str
    path: str
    good: Good
    asked: Asked
    status: int

    @property
    def is_for_programs(self) -> bool:
        return self.path.startswith(PROGRAMS)

    @property
    def who(self) -> str:
        """The one who may do most there."""
        if self.path == "/account/sessions/end":  # it would end the program's token, which is the admin's
            return "staff"
        if self.path.startswith(OPEN):
            return "nobody"
        return "program" if self.is_for_programs else "admin"

    @property
    def question(self) -> Question:
        return walk.question(self.method, self.path, self.good)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One application for all tests here; what is read in a child otherwise is read in this process."""
    folder = tmp_path_factory.mktemp(request.param)
    more = {"database_url": postgres.new_database()} if request.param == "postgresql" else {}
    installation = build(Settings(data_dir=folder / "data", timezone="Europe/Madrid", **more))
    bring_up_to_date(installation.database)
    logging.disable(logging.CRITICAL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "call", lambda function, *args, **limits: function(*args))
        yield build_world(installation, folder)
    logging.disable(logging.NOTSET)
    installation.close()


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[Server]:
    running = Server(world.app)
    yield running
    running.close()


@pytest.fixture(scope="module")
def places(world: World, server: Server) -> list[Place]:
    """Every route with every request of good.py, each asked once, in the order of the walk."""
    routes = [
        (method, re.sub(r":\w+}", "}", route.path)) for route in world.app.state.routes for method in route.methods
    ]
    found = []
    with recording() as asked:
        for method, path in sorted(routes, key=lambda one: (one[1].endswith(ENDS), one[0] != "GET")):
            for good in requests_of(method, path, world.names):
                asked.clear()
                place = Place(method=method, path=path, good=good, asked=asked.copy(), status=0)
                answer = ask(world, server, place.who, place.question)
                found.append(replace(place, asked=asked.copy(), status=answer.status))
    return found


def ask(world: World, server: Server, who: str, question: Question) -> Answer:
    given = [name for name, _ in question.headers]
    usual = [pair for pair in world.who[who] if pair[0] not in given]
    return server.ask(replace(question, headers=[*question.headers, *usual]))


def require_signed_in(world: World, server: Server) -> None:
    """What was asked in between has neither signed the admin out nor revoked the program's token."""
    assert ask(world, server, "admin", Question(method="GET", path="/settings")).status == 200
    assert ask(world, server, "program", Question(method="GET", path="/metrics")).status == 200


def wrong_with(answer: Answer, *, is_program: bool) -> str:
    """What no answer may be, however wrong the question was; empty if nothing is."""
    if answer.status >= 500 and answer.status != 503:
        return f"{answer.status}"
    if "Traceback (most recent" in answer.text:
        return "a traceback"
    if "default-src" not in answer.headers.get("content-security-policy", ""):
        return "no safety headers"
    if "content-disposition" in answer.headers and "no-store" not in answer.headers.get("cache-control", ""):
        return "a download that may be kept by a browser or a proxy"
    target = answer.headers.get("location", "") or answer.headers.get("hx-redirect", "") or "/"
    if not target.startswith("/") or target.startswith("//"):
        return f"leads to {target}"
    if answer.status >= 400 and is_program:
        is_said = answer.type == "application/problem+json" and json.loads(answer.body)["detail"]
        return "" if is_said else f"{answer.status} without a problem document"
    if answer.status >= 400 and answer.body and "<h1" not in answer.text and answer.status != 401:  # empty: a poll
        return f"{answer.status} without a page"
    return ""


def cases_of(place: Place, number: int, seen: set[tuple[str, str]]) -> Iterator[Case]:
    """Each parameter of a path or a form once, also where several requests of good.py have it."""
    base, good, seed = place.question, place.good, number
    key = f"{place.method} {place.path} {good.paths.get('kind_name', '')}"

    def new(names: Sequence[str], kind: str) -> list[str]:
        found = [name for name in sorted(names) if (key + kind, name) not in seen]
        seen.update((key + kind, name) for name in found)
        return found

    if (key, "") not in seen:
        seen.add((key, ""))
        yield from walk.in_path(place.path, base, good, IN_PATHS, seed)
    yield from walk.in_query(new(place.asked.query, "query"), base, IN_QUERIES, seed)
    yield from walk.in_fields(new({*place.asked.fields, *(good.fields or ())}, "field"), base, good, IN_FIELDS, seed)
    yield from walk.in_file_name(base, good, IN_BODIES, seed)
    yield from walk.in_json(base, good, IN_BODIES, seed)


def test_every_route_is_known_and_takes_what_is_good(places):
    refused = {
        f"{one.method} {one.path}": one.status
        for one in places
        if one.status not in (one.good.status, 201, 202, 204, 303)
    }
    assert refused == {}
    unfilled = [one.path for one in places if one.asked.fields and one.good.fields is None and one.good.body is None]
    assert unfilled == []


def test_no_value_of_any_parameter_is_an_error_of_ours(world, server, places):
    wrong, seen = [], set()
    for number, place in enumerate(places):
        for what, question in cases_of(place, number, seen):
            if found := wrong_with(ask(world, server, place.who, question), is_program=place.is_for_programs):
                wrong.append(f"{place.method} {place.path}, {what}: {found}")
    assert not wrong, "\n".join(wrong)
    require_signed_in(world, server)


def test_no_browser_or_proxy_keeps_a_download(world, server, places):
    found = {}
    for place in places:
        answer = ask(world, server, place.who, place.question) if place.method == "GET" else Answer()
        if "content-disposition" in answer.headers:
            found[place.path] = answer.headers.get("cache-control", "")
    assert len(found) > 5
    assert {path: kept for path, kept in found.items() if "no-store" not in kept} == {}


def test_nor_is_it_for_those_who_may_not_ask(world, server, places):
    wrong = []
    for number, place in enumerate(places):
        cases = list(cases_of(place, number, set()))
        others = [who for who in world.who if who != place.who and place.path not in ENDS_SESSIONS]
        for step, who in enumerate(others if cases else ()):
            what, question = cases[(number + step) % len(cases)]
            if found := wrong_with(ask(world, server, who, question), is_program=place.is_for_programs):
                wrong.append(f"{who}: {place.method} {place.path}, {what}: {found}")
    assert not wrong, "\n".join(wrong)
    require_signed_in(world, server)


def test_no_header_is_an_error_of_ours(world, server, places):
    wrong = []
    for number, place in enumerate(places):
        if place.path not in HEADERS_ON:
            continue
        names = sorted({*place.asked.headers, "cookie", "origin", "referer", "user-agent", "idempotency-key"})
        for what, question in walk.in_headers(names, place.question, IN_HEADERS, number):
            if found := wrong_with(ask(world, server, place.who, question), is_program=place.is_for_programs):
                wrong.append(f"{place.method} {place.path}, {what}: {found}")
    assert not wrong, "\n".join(wrong)
    require_signed_in(world, server)


def test_nor_is_an_address_where_nothing_is(world, server):
    for start in ("/", "/static/", "/static/app.css/", "/nothing/", "/api/", "/tasks/", "//", "//evil.example/"):
        for label in walk.SHORT:
            question = Question(method="GET", path=start + quoted(TEXTS[label]), query="%00=%ff&=")
            for who in ("admin", "nobody"):
                answer = ask(world, server, who, question)
                assert not wrong_with(answer, is_program=start == "/api/"), (start, label, answer)
