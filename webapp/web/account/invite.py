"""The page of a one-time link: a person who was invited, or who forgot the password, chooses one."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp.accounts import commands, links, passwords, people, validation
from webapp.audit import origin, trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.installation import Installation
from webapp.ports.people import Person
from webapp.web.account import sign_in
from webapp.web.http.deps import TheInstallation
from webapp.web.http.multipart import FormData, Posted
from webapp.web.http.params import Text
from webapp.web.http.render import page

router = APIRouter(prefix="/invite", include_in_schema=False)

USED = "This link was used or is too old. Ask an admin for a new one."


@router.get("/{secret}")
def form(request: Request, secret: Text, installation: TheInstallation) -> Response:
    """Shows the form; opening it does not use the link up, because programs open links in messages."""
    invited = _invited(installation, secret)
    if invited is None:
        return _used(request)
    return _form(request, secret, invited, {"name": invited.name, "zone": invited.zone.key}, {})


@router.post("/{secret}")
def join(request: Request, secret: Text, installation: TheInstallation, posted: Posted) -> Response:
    """Saves what was chosen, signs the person in, and goes to Home; or shows the form again with what is wrong."""
    invited = _invited(installation, secret)
    if invited is None:
        return _used(request)
    typed = {"name": posted.one("name"), "zone": posted.one("zone")}
    if errors := _check(invited, posted):
        return _form(request, secret, invited, typed, errors)
    chosen = {**typed, "password": passwords.hashed(posted.one("password"))}
    cookie = _join(request, installation, secret, invited, chosen)
    return sign_in.welcome(request, cookie, "/") if cookie else _used(request)


def _join(request: Request, installation: Installation, secret: str, person: Person, chosen: Mapping[str, str]) -> str:
    """Uses the link up and starts a session; returns its cookie, empty if the link was used meanwhile."""
    with installation.write() as conn:
        if not links.use(conn, "invite", secret):
            return ""
        commands.set_profile(conn, person, chosen["name"], chosen["zone"])
        commands.set_password(conn, person, chosen["password"])
        origin.current().is_holder_of_link(person)
        trail.record(conn, AuditAction.CHOOSE_PASSWORD, Target(TargetKind.PERSON, person.id, person.email), "by link")
        cookie = sign_in.begin(request, conn, person.id)
        sign_in.record_begun(conn, installation, cookie)
        return cookie


def _invited(installation: Installation, secret: str) -> Person | None:
    with installation.read() as conn:
        link = links.find(conn, "invite", secret)
        return people.by_id(conn, installation.settings, link.person) if link and link.person else None


def _check(person: Person, posted: FormData) -> dict[str, str]:
    return sign_in.refused(
        lambda: validation.name(posted.one("name"), empty="Write your name."),
        lambda: passwords.check_new(posted.one("password"), person.email, posted.one("name")),
        lambda: validation.zone(posted.one("zone")),
    )


def _form(
    request: Request, secret: str, invited: Person, typed: Mapping[str, str], errors: Mapping[str, str]
) -> Response:
    return page(
        request,
        "account/invite/index.html",
        status=422 if errors else 200,
        secret=secret,
        invited=invited,
        typed=typed,
        errors=errors,
        zones=validation.zones_to_choose(),
    )


def _used(request: Request) -> Response:
    return page(request, "account/invite/used.html", status=410, message=USED)
