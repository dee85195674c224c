"""The guards of routes: for people who are signed in, for admins and for programs."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, FastAPI, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from webapp.accounts import people, sessions, tokens
from webapp.accounts.secrets import digest
from webapp.accounts.sessions import Session
from webapp.audit import origin, trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.db.connect import current_version
from webapp.errors import Forbidden
from webapp.installation import Installation
from webapp.ports.people import Person
from webapp.sandbox_permits import on_behalf_of
from webapp.web.http.cookies import COOKIE, cookie_of
from webapp.web.http.foreign_urls import referring_path
from webapp.web.http.problem import problem
from webapp.web.http.redirects import path_of
from webapp.web.http.render import is_htmx
from webapp.web.http.session_cache import SessionCache
from webapp.web.http.threads import thread_lent

__all__ = [
    "COOKIE",
    "Admin",
    "Program",
    "SignedIn",
    "TheInstallation",
    "poll_session",
    "session_of",
    "session_person",
]

SAME_REFUSAL = timedelta(hours=1)
_SIGNED_OUT = "You were signed out."
_HOW = "A program needs a token: Authorization: Bearer out_… People make one on the page “Account”."
_token = HTTPBearer(auto_error=False, scheme_name="token", description="An API token, made on the page “Account”.")


class Answered(Exception):
    """Ends a request at its guard with this answer."""

    def __init__(self, response: Response) -> None:
        self.response = response


def guard(app: FastAPI) -> None:
    """Lets the guards of this application's routes end a request."""
    app.state.sessions = SessionCache()
    app.add_exception_handler(Answered, _answer)


def get_installation(request: Request) -> Installation:
    installation: Installation = request.app.state.installation
    return installation


TheInstallation = Annotated[Installation, Depends(get_installation)]


def signed_in(request: Request, installation: TheInstallation) -> Person:
    """Returns the person who is signed in; sends everybody else to the page where one signs in."""
    session = _session(request, installation)
    if session is None:
        raise Answered(_refusal(request, installation))
    request.state.session, request.state.person = session, session.person
    origin.current().is_person(session.person, session.id)
    if session.is_stale:
        with installation.write() as conn:
            sessions.touch(conn, session)
    return session.person


async def _person_of_page(person: Annotated[Person, Depends(signed_in)], installation: TheInstallation) -> Person:
    # Async, so that it runs in the context of the request, which its route inherits; a plain guard has a copy of it.
    on_behalf_of(person.id, thread_lent, installation.settings.person_at_once)
    return person


SignedIn = Annotated[Person, Depends(_person_of_page)]


def admin(person: SignedIn) -> Person:
    if not person.is_admin:
        raise Forbidden("This page is for admins.")
    return person


Admin = Annotated[Person, Depends(admin)]


def program(
    request: Request,
    installation: TheInstallation,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_token)],
) -> Person:
    """Returns the owner of the token; a browser's cookie is not looked at."""
    with installation.read() as conn:
        owned = tokens.find(conn, installation.settings, credentials.credentials) if credentials else None
    if owned is None and credentials:
        _record_refused_token(installation)
    if owned is None:
        refusal = problem(request, 401, _HOW)
        refusal.headers["WWW-Authenticate"] = "Bearer"
        raise Answered(refusal)
    origin.current().is_person(owned.person, f"token {owned.token.id}")
    if owned.token.is_stale:
        with installation.write() as conn:
            tokens.touch(conn, owned.token)
    return owned.person


def _record_refused_token(installation: Installation) -> None:
    """Records a wrong token, once in a while for each network address: the number of tries has no limit."""
    entry = (AuditAction.SIGN_IN_REFUSED, Target(TargetKind.TOKEN, "", "that is unknown"), "wrong token", SAME_REFUSAL)
    with installation.read() as conn:
        known = trail.was_recorded(conn, *entry)
    if not known:
        with installation.write() as conn:
            trail.record_once(conn, *entry)


async def _person_of_program(person: Annotated[Person, Depends(program)], installation: TheInstallation) -> Person:
    on_behalf_of(person.id, thread_lent, installation.settings.person_at_once)
    return person


Program = Annotated[Person, Depends(_person_of_program)]


def session_person(request: Request) -> Person | None:
    """Returns the person who is signed in; None if nobody is. It does not keep the session alive."""
    session = _session(request, request.app.state.installation)
    return session.person if session else None


def poll_session(request: Request) -> Person | None:
    """Returns the person who polls, from memory without a query; enough for a 204 only, see SessionCache."""
    cookie, state = cookie_of(request), request.app.state
    person: Person | None = state.sessions.find(state.installation.version, digest(cookie)) if cookie else None
    return person


def session_of(request: Request) -> Session:
    """Returns the session of a request that a guard has let through."""
    session: Session = request.state.session
    return session


def _session(request: Request, installation: Installation) -> Session | None:
    cookie = cookie_of(request)
    if not cookie:
        return None
    with installation.read() as conn:
        version = current_version(conn)  # before the session: what ends in between is then looked up once more
        session = sessions.find(conn, installation.settings, cookie)
    if session:
        request.app.state.sessions.keep(version, session)
    return session


def _refusal(request: Request, installation: Installation) -> Response:
    if is_htmx(request):
        return PlainTextResponse(_SIGNED_OUT, 401, {"Cache-Control": "no-store"})
    with installation.read() as conn:
        if not people.has_admin(conn):
            return RedirectResponse("/setup", 303)
    path = _page(request)
    return RedirectResponse("/login" if path == "/" else f"/login?next={quote(path, safe='/')}", 303)


def _page(request: Request) -> str:
    """Returns the page to which the request belongs: for a posted form, the one that it stood on."""
    if request.method not in ("GET", "HEAD"):
        return referring_path(request)
    return path_of(request, request.scope["path"])


async def _answer(request: Request, error: Exception) -> Response:
    assert isinstance(error, Answered)
    return error.response
