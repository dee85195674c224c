"""The parts that the pages of signing in share: checking a password, starting a session, the page after it."""

import logging
from collections.abc import Callable
from datetime import timedelta

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection

from webapp.accounts import passwords, people, sessions, throttle
from webapp.audit import origin, trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.errors import NotFound, UserError
from webapp.installation import Installation
from webapp.ports.people import Person
from webapp.web.http import cookies
from webapp.web.http.params import header_text
from webapp.web.http.render import go

LOGGED = 100  # characters of a typed address
log = logging.getLogger("outtray.sign_in")
SAME_REFUSAL = timedelta(minutes=15)  # within it, further refusals for too many tries make no further entry


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


def record_begun(conn: Connection, installation: Installation, cookie: str) -> None:
    """Records the session that has begun; what is recorded after it was done in this session."""
    session = sessions.find(conn, installation.settings, cookie)
    if session:
        origin.current().is_person(session.person, session.id)
        trail.record(conn, AuditAction.SIGN_IN, _account(session.person))


def record_refused(installation: Installation, email: str, error: UserError) -> None:
    """Records a sign-in that was refused, with the reason, which the page does not tell."""
    with installation.write() as conn:
        try:
            person = people.by_email(conn, installation.settings, email)
        except NotFound:  # not as it was typed: it may be a password in the wrong field
            target, reason = Target(TargetKind.NONE, "", "an unknown address"), reason_of(error)
        else:
            target = _account(person)
            reason = "disabled" if people.is_disabled(conn, person.id) else reason_of(error)
        if isinstance(error, throttle.TooManyTries):
            trail.record_once(conn, AuditAction.SIGN_IN_REFUSED, target, reason_of(error), SAME_REFUSAL)
        else:
            trail.record(conn, AuditAction.SIGN_IN_REFUSED, target, reason)


def reason_of(error: UserError) -> str:
    """Returns why a password was refused."""
    return "too many tries" if isinstance(error, throttle.TooManyTries) else "wrong password"


def _account(person: Person) -> Target:
    return Target(TargetKind.PERSON, person.id, person.email, person.id)


def welcome(request: Request, cookie: str, path: str) -> Response:
    """Redirects to that page, signed in."""
    response = go(request, path)
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
