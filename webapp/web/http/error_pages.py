"""Answers requests that cannot be done: with a page for people, with a problem document for programs."""

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
TO_PEOPLE = {404: "The address may be mistyped, or what was here has been removed."}
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


def add_handlers(app: FastAPI) -> None:
    """Has this module answer every error of the application."""
    app.add_exception_handler(UserError, _refused)
    app.add_exception_handler(HTTPException, _not_routed)
    app.add_exception_handler(RequestValidationError, _not_understood)


def is_program(request: Request) -> bool:
    """True if a program reads the answer, not a person."""
    accepted = request.headers.get("accept", "")
    path = request.scope["path"]
    return path == "/api" or path.startswith(PROGRAMS) or ("json" in accepted and "html" not in accepted)


def answer(request: Request, status: int, message: str, errors: list[dict[str, str]] | None = None) -> Response:
    """Returns this message under this status, in the form that the client reads."""
    heading = HEADINGS.get(status, "That did not work")
    if is_program(request):
        return problem(request, status, message or heading, errors=errors)
    return page(request, "errors/show.html", status=status, heading=heading, message=message, refused=False)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, UserError)
    made = answer(request, error.status, error.message, _fields(error))
    if error.retry_after:
        made.headers["Retry-After"] = str(error.retry_after)
    return made


def _fields(error: UserError) -> list[dict[str, str]]:
    named = error.errors if isinstance(error, FormErrors) else {error.field: error.message} if error.field else {}
    return [{"field": field, "message": message} for field, message in named.items()]


async def _not_routed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    messages = TO_PROGRAMS if is_program(request) else TO_PEOPLE
    response = answer(request, error.status_code, messages.get(error.status_code, ""))
    response.headers.update(error.headers or {})
    if error.status_code == 405 and (methods := _methods(request)):
        response.headers["Allow"] = ", ".join(sorted(methods))
    return response


def _methods(request: Request) -> set[str]:
    """Returns all methods that the address takes (RFC 9110, 15.5.6); the router names only the first route's."""
    path = request.scope["path"]
    here = [route for route in request.app.state.routes if route.path_regex.match(path)]
    return with_head(path, {method for route in here for method in route.methods})


async def _not_understood(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = [{"field": ".".join(map(str, one["loc"][1:])), "message": one["msg"]} for one in error.errors()]
    if is_program(request):
        return answer(request, 422, NOT_UNDERSTOOD, fields)
    return answer(request, 404, TO_PEOPLE[404])  # a page's address with a number that is none names nothing


class CatchAllMiddleware:
    """Plain ASGI middleware: an unexpected error is logged with a reference, and answered with a neutral message."""

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
    message = f"Something went wrong on our side. Nothing you typed was sent. Tell an admin: Reference {reference}."
    if is_program(request):
        return problem(request, 500, message, reference=reference)
    request.state.person = None  # the rail asks the database, which may be what is broken
    return page(request, "errors/show.html", status=500, heading="That did not work", message=message)
