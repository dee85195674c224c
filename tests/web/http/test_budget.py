"""Every route has a budget; nothing above it is read, and nothing at all of those who may not call it."""

import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import pytest

from tests.web.foreign.asgi import Answer, Question, Receive, Server
from tests.web.foreign.world import World, build_world
from webapp.db.migrate import bring_up_to_date
from webapp.installation import build
from webapp.settings import Settings
from webapp.web.budgets import RULES
from webapp.web.http import budget
from webapp.web.http.budget import RouteRule, Visitor, rules_of

MOST_MB = 1
FORM = (b"content-type", b"application/x-www-form-urlencoded")
MULTIPART = (b"content-type", b"multipart/form-data; boundary=b0")
WHO = {Visitor.ANYONE: "nobody", Visitor.SIGNED_IN: "staff", Visitor.ADMIN: "admin", Visitor.PROGRAM: "program"}
BUTTONS = (
    "/remove", "/revoke", "/end", "/skip", "/link", "/disable", "/enable", "/delete", "/read", "/logout", "/mail/test",
)  # fmt: skip
REFUSED = {
    Visitor.SIGNED_IN: ("nobody", "program"),
    Visitor.ADMIN: ("nobody", "staff", "program"),
    Visitor.PROGRAM: ("nobody", "staff", "admin"),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("budget")
    installation = build(Settings(data_dir=folder / "data", max_upload_mb=MOST_MB))
    bring_up_to_date(installation.database)
    logging.disable(logging.CRITICAL)
    yield build_world(installation, folder)
    logging.disable(logging.NOTSET)
    installation.close()


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[Server]:
    running = Server(world.app)
    yield running
    running.close()


Rule = tuple[str, str, RouteRule]


@pytest.fixture(scope="module")
def rules(world: World) -> list[Rule]:
    """Every route that takes a body: method, a path, rule."""
    found: Mapping[tuple[str, str], RouteRule] = world.app.state.rules
    return [(method, _filled(path, world), rule) for (method, path), rule in found.items() if rule.budget.body]


def _filled(path: str, world: World) -> str:
    names = {"{kind_name}": "email", "{step}": "mail", "{action}": "cancel", "{act}": "test"}
    names |= {"{email:whatever}": "ana@example.com", "{secret}": world.names["invite"], "{data_id}": "people"}
    for name, value in names.items():
        path = path.replace(name, value)
    return "/".join("1" if part.startswith("{") else part for part in path.split("/"))


class Body:
    """A body without an end; `taken` counts the bytes that were read of it."""

    def __init__(self, start: bytes = b"", piece: bytes = b"x" * 4096) -> None:
        self._pieces, self.taken = self._endless(start, piece), 0

    async def _endless(self, start: bytes, piece: bytes) -> AsyncIterator[bytes]:
        yield start
        while True:
            yield piece

    async def receive(self) -> Mapping[str, Any]:
        piece = await anext(self._pieces)
        self.taken += len(piece)
        return {"type": "http.request", "body": piece, "more_body": True}


def ask(world: World, server: Server, who: str, rule: Rule, receive: Receive, *headers: tuple[bytes, bytes]) -> Answer:
    method, path, _ = rule
    return server.ask(Question(method=method, path=path, headers=[*headers, *world.who[who]]), receive)


def test_the_application_does_not_start_with_a_route_without_a_budget_or_with_two(world: World):
    routes = world.app.state.routes
    with pytest.raises(LookupError, match="/tasks/log"):
        rules_of([route for route in routes if route.path != "/tasks/log"], RULES)
    with pytest.raises(LookupError, match="/people"):
        rules_of(routes, {**RULES, Visitor.ADMIN: {}})
    with pytest.raises(LookupError, match="GET /login has two"):
        rules_of(routes, {**RULES, Visitor.ADMIN: {budget.NO_BODY: ("GET /login",)}})


def test_public_routes_take_16_kb_and_no_files():
    for one in RULES[Visitor.ANYONE]:
        assert one is budget.WEBHOOK or one.body <= 16 << 10
        assert one.files == 0
        assert one.seconds <= 30


def test_nothing_is_read_of_those_who_may_not_call_a_route(world: World, server: Server, rules: list[Rule]):
    tried = 0
    for rule in rules:
        for who in REFUSED.get(rule[2].visitor, ()):
            for kind in (FORM, MULTIPART):
                body = Body()
                answer = ask(world, server, who, rule, body.receive, kind)
                assert answer.status in (303, 401, 403), (who, rule, answer.status)
                assert body.taken == 0, (who, rule)
                tried += 1
    assert tried > 100


@pytest.mark.parametrize("kind", [FORM, MULTIPART])
def test_what_declares_too_much_is_refused_before_it_is_read(world: World, server: Server, rules: list[Rule], kind):
    for rule in _reading(rules):
        body, most = Body(), rule[2].budget.total(MOST_MB << 20)
        answer = ask(
            world, server, WHO[rule[2].visitor], rule, body.receive, kind, (b"content-length", b"%d" % (most + 1))
        )
        assert answer.status == 413, (rule, answer.status)
        assert body.taken == 0, rule


@pytest.mark.parametrize(
    ("kind", "start"),
    [(FORM, b"a="), (MULTIPART, b'--b0\r\nContent-Disposition: form-data; name="a"\r\n\r\n')],
)
def test_what_has_no_end_is_refused_at_the_budget(world: World, server: Server, rules: list[Rule], kind, start):
    for rule in _reading(rules):
        body, most = Body(start), rule[2].budget.total(MOST_MB << 20)
        answer = ask(world, server, WHO[rule[2].visitor], rule, body.receive, kind)
        assert answer.status == 413, (rule, answer.status)
        assert body.taken <= most + 5000, rule


def test_a_file_is_taken_only_where_a_form_has_one(world: World, server: Server, rules: list[Rule]):
    head = b'--b0\r\nContent-Disposition: form-data; name="a"; filename="a.csv"\r\n\r\n'
    tried = 0
    for rule in _reading(rules):
        if rule[2].budget.files or rule[2].budget in (budget.WEBHOOK, budget.TASK_JSON):
            continue
        body = Body(head)
        answer = ask(world, server, WHO[rule[2].visitor], rule, body.receive, MULTIPART)
        assert answer.status in (413, 422), (rule, answer.status)
        assert body.taken <= len(head) + 5000, rule
        tried += 1
    assert tried > 20


def test_a_body_that_comes_too_slowly_is_refused(world: World, server: Server, rules: list[Rule], monkeypatch):
    monkeypatch.setattr(budget, "SILENCE_SECONDS", 0.02)

    async def never() -> Mapping[str, Any]:
        await budget.asyncio.Event().wait()
        raise AssertionError

    for rule in _reading(rules):
        answer = ask(world, server, WHO[rule[2].visitor], rule, never, FORM)
        assert answer.status == 408, (rule, answer.status)


def _reading(rules: list[Rule]) -> list[Rule]:
    """Those whose route looks at its body; a button's needs none."""
    buttons = ("/remove", "/revoke", "/end", "/skip", "/link", "/disable", "/enable", "/delete", "/read", "/logout")
    return [
        one
        for one in rules
        if not one[1].endswith(buttons) and "/channels/1" not in one[1] and "/mail/test" not in one[1]
    ]
