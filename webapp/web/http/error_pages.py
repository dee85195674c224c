"""What is answered when something cannot be done: a calm page for people, a problem document for programs."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from webapp.errors import FormErrors, UserError
from webapp.web.http.head import with_head
from webapp.web.http.problem import problem
from webapp.web.http.render import page

HEADINGS = {
    403: "You may not do this",
    404: "This page does not exist",
    405: "This page cannot be used like that",
    409: "This is not possible now",
    413: "This is too large",
}
WORDS = {404: "The address may be mistyped, or what was here has been removed."}
TO_PROGRAMS = {404: "There is nothing at this address.", 405: "This address takes other methods; see Allow."}

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


def answer_in(app: FastAPI) -> None:
    """Has every error of this application answered here, or by the catch-all that stands around it."""
    app.add_exception_handler(UserError, _refused)
    app.add_exception_handler(HTTPException, _not_routed)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(Exception, _pass_on)


def is_program(request: Request) -> bool:
    """Whether a program reads the answer, not a person."""
    accepted = request.headers.get("accept", "")
    path = request.scope["path"]
    return path == "/api" or path.startswith(PROGRAMS) or ("json" in accepted and "html" not in accepted)


def answer(request: Request, status: int, words: str, errors: Sequence[dict[str, str]] = ()) -> Response:
    """These words under this status, in the form that the client reads."""
    heading = HEADINGS.get(status, "That did not work")
    if is_program(request):
        return problem(request, status, words or heading, errors=errors)
    return page(request, "errors/show.html", status=status, heading=heading, words=words, refused=False)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, UserError)
    return answer(request, error.status, error.words, _fields(error))


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
    wrong = error.errors()
    if any(one["loc"][0] == "path" for one in wrong):
        return await _not_routed(request, HTTPException(404))
    fields = [{"field": str(one["loc"][1]), "message": _words(one)} for one in wrong]
    return answer(request, 422, " ".join(f"“{one['field']}”: {one['message']}" for one in fields), fields)


def _words(error: Mapping[str, Any]) -> str:
    """The sentence of a rule of ours, see params.py; the library's own English never reaches a person."""
    return str(error.get("ctx", {}).get("error") or "This is not as it should be.")


async def _pass_on(request: Request, error: Exception) -> Response:
    raise error  # past the framework's own catch-all, which would answer without our page and our headers


def unexpected(request: Request, reference: str) -> Response:
    """Returns the answer to what nobody expected: neutral words, and the reference under which it was logged."""
    words = f"Something went wrong on our side. Nothing you typed was sent. Tell an admin: Reference {reference}."
    if is_program(request):
        return problem(request, 500, words, reference=reference)
    request.state.person = None  # the rail asks the database, which may be what is broken
    return page(request, "errors/show.html", status=500, heading="That did not work", words=words)
