"""Answers requests that cannot be done: with a page for people, with a problem document for programs."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from webapp.errors import FormErrors, UserError
from webapp.web.http.head import with_head
from webapp.web.http.problem import problem
from webapp.web.http.redirects import path_of
from webapp.web.http.render import page

HEADINGS = {
    403: "You do not have access",
    404: "This page does not exist",
    405: "This page cannot be used like that",
    409: "This is not possible now",
    413: "This is too large",
    503: "Outtray is busy",
}
NO_SUCH_BYTES = "This file has no such bytes."
TO_PEOPLE = {404: "The address may be mistyped, or what was here has been removed.", 416: NO_SUCH_BYTES}
TO_PROGRAMS = {
    404: "There is nothing at this address.",
    405: "This address takes other methods; see Allow.",
    416: NO_SUCH_BYTES,
}

UNAVAILABLE = (
    "Outtray could not reach its database or disk. What you did may have been saved, or not: check the task log before "
    "you repeat it. Try again in a few seconds."
)
RETRY_SECONDS = 5
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


def add_handlers(app: FastAPI) -> None:
    """Has this module answer every error of the application."""
    app.add_exception_handler(UserError, _refused)
    app.add_exception_handler(HTTPException, _not_routed)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(Exception, _pass_on)


def is_program(request: Request) -> bool:
    """Returns True if a program reads the answer, not a person."""
    accepted = request.headers.get("accept", "")
    path = request.scope["path"]
    return path == "/api" or path.startswith(PROGRAMS) or ("json" in accepted and "html" not in accepted)


def answer(request: Request, status: int, message: str, errors: Sequence[dict[str, str]] = ()) -> Response:
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
    if error.status_code == 404 and _is_slash_too_many(request):
        # 307 keeps the method. The framework's own answer would name the host that the request claims.
        return RedirectResponse(path_of(request, request.scope["path"].rstrip("/")), 307)
    messages = TO_PROGRAMS if is_program(request) else TO_PEOPLE
    response = answer(request, error.status_code, messages.get(error.status_code, ""))
    response.headers.update(error.headers or {})
    if error.status_code == 405 and (methods := _methods(request)):
        response.headers["Allow"] = ", ".join(sorted(methods))
    return response


def _is_slash_too_many(request: Request) -> bool:
    path: str = request.scope["path"]
    return path.endswith("/") and bool(_routes(request, path.rstrip("/")))


def _methods(request: Request) -> set[str]:
    """Returns all methods that the address takes (RFC 9110, 15.5.6); the router names only the first route's."""
    path = request.scope["path"]
    return with_head(path, {method for route in _routes(request, path) for method in route.methods or ()})


def _routes(request: Request, path: str) -> list[APIRoute]:
    return [route for route in request.app.state.routes if route.path_regex.match(path)]


async def _not_understood(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = error.errors()
    if any(one["loc"][0] == "path" for one in wrong):
        return await _not_routed(request, HTTPException(404))
    fields = [{"field": str(one["loc"][1]), "message": _message(one)} for one in wrong]
    return answer(request, 422, " ".join(f"“{one['field']}”: {one['message']}" for one in fields), fields)


def _message(error: Mapping[str, Any]) -> str:
    """Returns the message of a rule in params.py; the library's own messages never reach a person."""
    return str(error.get("ctx", {}).get("error") or "This is not as it should be.")


async def _pass_on(request: Request, error: Exception) -> Response:
    raise error  # past the framework's own catch-all, which would answer without our page and our headers


def unavailable(request: Request) -> Response:
    """Returns the answer while the database or the disk does not: true also if the connection broke during COMMIT."""
    if is_program(request):
        made = problem(request, 503, UNAVAILABLE)
    else:
        request.state.person = None  # the navigation asks the database
        made = page(request, "errors/show.html", status=503, heading="Outtray cannot answer now", message=UNAVAILABLE)
    made.headers["Retry-After"] = str(RETRY_SECONDS)
    return made


def unexpected(request: Request, reference: str) -> Response:
    """Returns the answer to what nobody expected: a neutral message, and the reference under which it was logged."""
    message = f"Something went wrong on our side. Nothing you typed was sent. Tell an admin: Reference {reference}."
    if is_program(request):
        return problem(request, 500, message, reference=reference)
    request.state.person = None  # the rail asks the database, which may be what is broken
    return page(request, "errors/show.html", status=500, heading="That did not work", message=message)
