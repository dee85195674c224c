"""The parts that the pages of signing in share: checking a password, starting a session, the page after it."""

import logging
from collections.abc import Callable

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from webapp.accounts import passwords, people, sessions, throttle
from webapp.errors import UserError
from webapp.installation import Installation
from webapp.web.http import cookies
from webapp.web.http.params import header_text

LOGGED = 100  # characters of a typed address
log = logging.getLogger("outtray.sign_in")


def prove(installation: Installation, request: Request, email: str, password: str, refusal: UserError) -> int:
    """Returns the id of the person whose password it is; raises `refusal` if it is nobody's.

    After too many tries it raises TooManyTries, whatever the password is. The try is on disk before the password is
    checked, so that neither haste nor a restart gives one more.
    """
    network = request.client.host if request.client else ""
    try:
        with installation.write() as conn:
            throttle.take(conn, email, network)
    except throttle.TooManyTries:
        log.warning("sign-in refused for %a from %s: too many tries", email[:LOGGED], network)
        raise
    with installation.read() as conn:
        known = people.credentials(conn, email)
    is_right = passwords.is_right(known.stored if known else "", password)
    if known is None or not is_right:
        log.warning("sign-in refused for %a from %s: wrong email or password", email[:LOGGED], network)
        raise refusal
    with installation.write() as conn:
        throttle.forgive(conn, email, network)
    return known.person


def begin(request: Request, conn: Connection, person_id: int) -> str:
    """Starts a session in place of the one that this browser had; returns the value of its cookie."""
    if earlier := cookies.cookie_of(request):
        sessions.end(conn, earlier)
    return sessions.start(conn, person_id, header_text(request, "user-agent", sessions.LONGEST_AGENT))


def welcome(request: Request, cookie: str, path: str) -> Response:
    """Redirects to that page, signed in."""
    response = RedirectResponse(path, 303)
    cookies.give(request, response, cookie)
    return response


def refused(*checks: Callable[[], object]) -> dict[str, str]:
    """Runs every check of a form; returns the message of each that refuses, by field."""
    errors: dict[str, str] = {}
    for check in checks:
        try:
            check()
        except UserError as error:
            errors.setdefault(error.field or "", error.message)
    return errors


def headers_of(error: UserError | None) -> dict[str, str]:
    """Returns the headers of the answer to a refused password."""
    return {"Retry-After": str(error.seconds)} if isinstance(error, throttle.TooManyTries) else {}
