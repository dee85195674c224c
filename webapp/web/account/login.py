"""Signing in and out."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from webapp.accounts import people, sessions
from webapp.audit import origin, trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.errors import UserError
from webapp.installation import Installation
from webapp.web.account import sign_in
from webapp.web.http import cookies
from webapp.web.http.deps import TheInstallation, session_person
from webapp.web.http.multipart import Posted
from webapp.web.http.params import LocalPath
from webapp.web.http.redirects import safe_path
from webapp.web.http.render import go, page

router = APIRouter(include_in_schema=False)

WRONG = "Email or password is not right."


@router.get("/login")
def form(request: Request, installation: TheInstallation, next: LocalPath = "") -> Response:
    """Shows the form; redirects a person who is signed in, and to the set-up while there is no admin."""
    if session_person(request):
        return RedirectResponse(next or "/", 303)
    with installation.read() as conn:
        if not people.has_admin(conn):
            return RedirectResponse("/setup", 303)
    return _form(request, next or "/")


@router.post("/login")
def submit(request: Request, installation: TheInstallation, posted: Posted) -> Response:
    """Starts a session, or shows the form again with what is wrong."""
    # As typed, so that the message is the same whatever is wrong; neither of them is stored.
    email, password = ((posted.typed(name) or [""])[-1] for name in ("email", "password"))
    path = safe_path(posted.one("next"))
    try:
        person = _prove(installation, request, email, password)
    except UserError as error:
        if email.strip() and password:
            sign_in.record_refused(installation, email, error)
        return _form(request, path, email, error)
    with installation.write() as conn:
        cookie = sign_in.begin(request, conn, person)
        sign_in.record_begun(conn, installation, cookie)
    return sign_in.welcome(request, cookie, path)


@router.post("/logout")
def sign_out(request: Request, installation: TheInstallation) -> Response:
    """Ends this session; does nothing if it has ended already."""
    if cookie := cookies.cookie_of(request):
        with installation.write() as conn:
            if known := sessions.find(conn, installation.settings, cookie):
                origin.current().is_person(known.person, known.id)
                trail.record(conn, AuditAction.SIGN_OUT, Target(TargetKind.PERSON, known.person.id, known.person.email))
            sessions.end(conn, cookie)
    response = go(request, "/login")
    cookies.take_away(request, response)
    return response


def _prove(installation: Installation, request: Request, email: str, password: str) -> int:
    wrong = UserError(WRONG, "password")
    if not (email.strip() and password):
        raise wrong  # nothing was tried: it does not count
    return sign_in.prove(installation, request, email, password, wrong)


def _form(request: Request, path: str, email: str = "", error: UserError | None = None) -> Response:
    return page(
        request,
        "account/login/index.html",
        status=error.status if error else 200,
        headers=sign_in.headers_of(error),
        refused=error is not None,
        email=email[:400],
        next=path,
        errors={"password": error.message} if error else {},
    )
