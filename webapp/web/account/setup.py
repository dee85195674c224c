"""The set-up: adds the first admin, through the one-time link that was printed at the start."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from webapp.accounts import links, passwords, people, public_url, validation
from webapp.accounts.people import NewPerson
from webapp.audit import origin, trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.errors import UserError
from webapp.installation import Installation
from webapp.web.account import sign_in
from webapp.web.http.deps import TheInstallation
from webapp.web.http.foreign_urls import own_address
from webapp.web.http.multipart import FormData, Posted
from webapp.web.http.params import Text
from webapp.web.http.render import page

router = APIRouter(prefix="/setup", include_in_schema=False)

USED = "This link was used or is too old. Restart Outtray for a new one."


@router.get("")
def closed(request: Request, installation: TheInstallation) -> Response:
    """Shows where to find the link."""
    with installation.read() as conn:
        if people.has_admin(conn):
            return RedirectResponse("/login", 303)
    return page(request, "account/setup/closed.html", message="")


@router.get("/{secret}")
def form(request: Request, secret: Text, installation: TheInstallation) -> Response:
    """Shows the form for the first admin."""
    with installation.read() as conn:
        if not links.find(conn, "setup", secret) or people.has_admin(conn):
            return _used(request)
    typed = {"name": "", "email": "", "zone": installation.settings.timezone, "address": own_address(request)}
    return _form(request, installation, secret, typed, {})


@router.post("/{secret}")
def create(request: Request, secret: Text, installation: TheInstallation, posted: Posted) -> Response:
    """Adds the admin, signs them in, and goes to Home; or shows the form again with what is wrong."""
    typed = {name: posted.one(name) for name in ("name", "email", "zone", "address")}
    with installation.read() as conn:
        if not links.find(conn, "setup", secret):
            return _used(request)
    if errors := _check(installation, posted):
        return _form(request, installation, secret, typed, errors)
    stored = passwords.hashed(posted.one("password"))
    try:
        cookie = _make(request, installation, secret, typed, stored)
    except UserError as taken:  # a person who is no admin was added from the command line
        return _form(request, installation, secret, typed, {taken.field or "email": taken.message})
    return sign_in.welcome(request, cookie, "/?first=1") if cookie else _used(request)


def _make(request: Request, installation: Installation, secret: str, typed: dict[str, str], stored: str) -> str:
    """Adds the first admin, all or nothing; returns the cookie of their session, empty if the link has been used."""
    with installation.write() as conn:
        if people.has_admin(conn) or not links.use(conn, "setup", secret):
            return ""
        new = NewPerson(
            email=typed["email"], name=typed["name"], role="admin", password_hash=stored, zone=typed["zone"]
        )
        admin = people.add(conn, installation.settings, new)
        links.end_setup(conn)
        if not installation.settings.base_url:
            public_url.keep(conn, public_url.read(typed["address"]))
        origin.current().is_holder_of_link(admin)
        trail.record(conn, AuditAction.SET_UP, Target(TargetKind.PERSON, admin.id, admin.email), "by link")
        cookie = sign_in.begin(request, conn, admin.id)
        sign_in.record_begun(conn, installation, cookie)
        return cookie


def _check(installation: Installation, posted: FormData) -> dict[str, str]:
    return sign_in.refused(
        lambda: validation.name(posted.one("name"), empty="Write your name."),
        lambda: validation.email(posted.one("email")),
        lambda: passwords.check_new(
            posted.one("password"), validation.as_kept(posted.one("email")), posted.one("name")
        ),
        lambda: validation.zone(posted.one("zone")),
        lambda: installation.settings.base_url or public_url.read(posted.one("address")),
    )


def _form(
    request: Request, installation: Installation, secret: str, typed: dict[str, str], errors: dict[str, str]
) -> Response:
    return page(
        request,
        "account/setup/index.html",
        status=422 if errors else 200,
        secret=secret,
        typed=typed,
        errors=errors,
        zones=validation.zones_to_choose(),
        base_url=installation.settings.base_url,
        is_local=public_url.is_local(typed["address"]),
    )


def _used(request: Request) -> Response:
    return page(request, "account/setup/closed.html", status=410, message=USED)
