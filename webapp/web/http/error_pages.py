"""What is answered when something cannot be done: a calm page for people, a problem document for programs."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.errors import FormErrors, UserError
from webapp.references import new_reference
from webapp.web.http.head import with_head
from webapp.web.http.problem import problem
from webapp.web.http.render import page

HEADINGS = {
    403: "You may not do this",
    404: "This page does not exist",
    405: "This page cannot be used like that",
    409: "This is not possible now",
    413: "This is too large",
    503: "Outtray is busy",
}
WORDS = {404: "The address may be mistyped, or what was here has been removed."}
TO_PROGRAMS = {404: "There is nothing at this address.", 405: "This address takes other methods; see Allow."}
NOT_UNDERSTOOD = "Something in this request is not as it should be."

PROGRAMS = (
    "/api/",
    "/send-notification/",
    "/send-email/",
    "/generate-report",
    "/run-task",
    "/hooks/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
)

log = logging.getLogger(__name__)


def answer_in(app: FastAPI) -> None:
    """Sends every error of this application through this room."""
    app.add_exception_handler(UserError, _refused)
    app.add_exception_handler(HTTPException, _not_routed)
    app.add_exception_handler(RequestValidationError, _not_understood)


def is_program(request: Request) -> bool:
    """Whether a program reads the answer, not a person."""
    accepted = request.headers.get("accept", "")
    path = request.scope["path"]
    return path == "/api" or path.startswith(PROGRAMS) or ("json" in accepted and "html" not in accepted)


def answer(request: Request, status: int, words: str, errors: list[dict[str, str]] | None = None) -> Response:
    """These words under this status, in the form that the client reads."""
    heading = HEADINGS.get(status, "That did not work")
    if is_program(request):
        return problem(request, status, words or heading, errors=errors)
    return page(request, "errors/show.html", status=status, heading=heading, words=words, refused=False)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, UserError)
    made = answer(request, error.status, error.words, _fields(error))
    if error.retry_after:
        made.headers["Retry-After"] = str(error.retry_after)
    return made


def _fields(error: UserError) -> list[dict[str, str]]:
    named = error.errors if isinstance(error, FormErrors) else {error.field: error.words} if error.field else {}
    return [{"field": field, "message": words} for field, words in named.items()]


async def _not_routed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    words = TO_PROGRAMS if is_program(request) else WORDS
    made = answer(request, error.status_code, words.get(error.status_code, ""))
    made.headers.update(error.headers or {})
    if error.status_code == 405 and (methods := _methods(request)):
        made.headers["Allow"] = ", ".join(sorted(methods))
    return made


def _methods(request: Request) -> set[str]:
    """All that the address takes (RFC 9110, 15.5.6); the router names the methods of the first route only."""
    path = request.scope["path"]
    here = [route for route in request.app.state.routes if route.path_regex.match(path)]
    return with_head(path, {method for route in here for method in route.methods})


async def _not_understood(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = [{"field": ".".join(map(str, one["loc"][1:])), "message": one["msg"]} for one in error.errors()]
    if is_program(request):
        return answer(request, 422, NOT_UNDERSTOOD, fields)
    return answer(request, 404, WORDS[404])  # a page's address with a number that is none names nothing


class CatchAllMiddleware:
    """Plain ASGI middleware: whatever nobody expected is logged with a reference, and answered in neutral words."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        has_begun = False

        async def noting(message: Message) -> None:
            nonlocal has_begun
            has_begun = has_begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception:
            reference = new_reference()
            log.exception("%s %s %s", reference, scope["method"], scope["path"])
            if has_begun:
                raise
            await _unexpected(Request(scope), reference)(scope, receive, send)


def _unexpected(request: Request, reference: str) -> Response:
    words = f"Something went wrong on our side. Nothing you typed was sent. Tell an admin: Reference {reference}."
    if is_program(request):
        return problem(request, 500, words, reference=reference)
    request.state.person = None  # the rail asks the database, which may be what is broken
    return page(request, "errors/show.html", status=500, heading="That did not work", words=words)
