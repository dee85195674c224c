"""The polls: answered from memory while nothing has changed, else from a fragment that many may share."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from webapp import clock
from webapp.clock import now
from webapp.db.connect import current_version
from webapp.errors import NotFound
from webapp.installation import Installation
from webapp.ports.people import Person
from webapp.tasks import inbox
from webapp.web.http.deps import poll_session, session_person
from webapp.web.http.params import Text
from webapp.web.http.render import NO_STORE, templates
from webapp.web.tasks import log_view
from webapp.web.tasks.log_view import Poll, is_unchanged
from webapp.web.tasks.task_view import RecipientPoll, read_task

router = APIRouter(include_in_schema=False)

BUILT_EVERY = 1.0  # seconds: a fragment is not built more often, whatever changes
KEPT = 256  # fragments; about 60 kB each at the most
LOCKS = 64
POLLS = ("/tasks/log", "/live", "/inbox/bell")


@dataclass(frozen=True)
class Fragment:
    """HTML that was drawn for some reader, and the `seen` of the polls that have it."""

    seen: str
    html: str
    built: float


class FragmentCache:
    """The fragments that were drawn last; each is drawn by one thread while others wait for it."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], Fragment] = OrderedDict()
        self._locks = [threading.Lock() for _ in range(LOCKS)]

    def get(self, key: tuple[object, ...], version: int, build: Callable[[], Fragment]) -> Fragment:
        """Returns the fragment of this key, drawn anew where it is old."""
        with self._locks[hash(key) % LOCKS]:
            fragment = self._kept.get(key)
            if fragment is None or not self._is_current(fragment, version):
                fragment = build()
                self._kept[key] = fragment
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
        return fragment

    def _is_current(self, fragment: Fragment, version: int) -> bool:
        return clock.monotonic() - fragment.built < BUILT_EVERY or is_unchanged(fragment.seen, version, now())


@router.get("/tasks/log")
async def log(request: Request, poll: Annotated[Poll, Query()]) -> Response:
    """Returns the task log; 204 if the reader has this version."""
    return await _answer(request, poll.seen, poll.query(on=poll.on, search=poll.search), partial(_log, poll=poll))


@router.get("/tasks/{task_id:id}/live")
async def task(request: Request, task_id: int, poll: Annotated[RecipientPoll, Query()]) -> Response:
    """Returns the live part of a task's page; 204 if the reader has this version."""
    return await _answer(request, poll.seen, poll.query(), partial(_task, task_id=task_id, poll=poll))


@router.get("/inbox/bell")
async def bell(request: Request, seen: Text = "") -> Response:
    """Returns the bell alone, for pages without a log and for those in the background."""
    return await _answer(request, seen, "", _bell)


Build = Callable[[Installation, Person], Fragment]


class NotModifiedMiddleware:
    """Plain ASGI middleware, the outermost: a poll that has seen everything is answered before any route is looked for.

    Measured: 60 % of an empty FastAPI route's answers per second as a route of its own, more than all of them here.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].endswith(POLLS) or not _has_seen_all(Request(scope)):
            return await self._app(scope, receive, send)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def _has_seen_all(request: Request) -> bool:
    installation: Installation = request.app.state.installation
    seen = request.query_params.get("seen", "")
    return is_unchanged(seen, installation.version, now()) and poll_session(request) is not None


async def _answer(request: Request, seen: str, filter: str, build: Build) -> Response:
    return await run_in_threadpool(_built_answer, request, seen, filter, build)


def _built_answer(request: Request, seen: str, filter: str, build: Build) -> Response:
    installation: Installation = request.app.state.installation
    person = session_person(request)
    if person is None:
        return Response(status_code=401)
    key = (person, request.scope["path"], filter)
    cache: FragmentCache = request.app.state.fragments
    try:
        fragment = cache.get(key, installation.version, lambda: build(installation, person))
    except NotFound:
        return Response(status_code=404)
    if fragment.seen == seen:
        return Response(status_code=204)
    return HTMLResponse(fragment.html, headers={**NO_STORE, "X-Seen": fragment.seen})


def _log(installation: Installation, person: Person, poll: Poll) -> Fragment:
    with installation.read() as conn:
        log = log_view.read(conn, person, "/tasks" if poll.on == "/tasks" else "/", poll)
    html = _drawn("tasks/_news.html", person=person, zone=person.zone, log=log, is_search=bool(poll.search))
    return Fragment(log.seen, html, clock.monotonic())


def _task(installation: Installation, person: Person, task_id: int, poll: RecipientPoll) -> Fragment:
    with installation.read() as conn:
        view = read_task(conn, installation, person, task_id, poll)
        bell = inbox.bell(conn, person)
    html = _drawn("tasks/_live_news.html", person=person, zone=person.zone, view=view, bell=bell)
    return Fragment(view.seen, html, clock.monotonic())


def _bell(installation: Installation, person: Person) -> Fragment:
    with installation.read() as conn:
        version, bell = current_version(conn), inbox.bell(conn, person)
    return Fragment(str(version), _drawn("ui/_unread.html", bell=bell), clock.monotonic())


def _drawn(template: str, **context: object) -> str:
    return templates().get_template(template).render(**context)
