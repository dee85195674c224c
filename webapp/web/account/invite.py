"""The page behind a one-time link: an invited person, or one who forgot the password, chooses one."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp.accounts import audit, commands, links, passwords, people, validation
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
    """The form; looking at it does not use the link up, because programs look at links in messages."""
    found = _invited(installation, secret)
    if found is None:
        return _used(request)
    return _form(request, installation, secret, found, {"name": found.name, "zone": found.zone.key}, {})


@router.post("/{secret}")
def join(request: Request, secret: Text, installation: TheInstallation, posted: Posted) -> Response:
    """Keeps what was chosen, signs the person in, and goes to Home; or shows the form again with what is wrong."""
    found = _invited(installation, secret)
    if found is None:
        return _used(request)
    typed = {"name": posted.one("name"), "zone": posted.one("zone")}
    if errors := _check(found, posted):
        return _form(request, installation, secret, found, typed, errors)
    cookie = _let_in(request, installation, secret, found, typed, passwords.hashed(posted.one("password")))
    return sign_in.welcome(request, cookie, "/") if cookie else _used(request)


def _let_in(
    request: Request, installation: Installation, secret: str, person: Person, typed: dict[str, str], stored: str
) -> str:
    with installation.write() as conn:
        if not links.use(conn, "invite", secret):
            return ""
        commands.set_profile(conn, person, typed["name"], typed["zone"])
        commands.set_password(conn, person, stored)
        audit.record(conn, person, "chose a password by link", person.email)
        return sign_in.begin(request, conn, person.id)


def _invited(installation: Installation, secret: str) -> Person | None:
    with installation.read() as conn:
        link = links.find(conn, "invite", secret)
        return people.by_id(conn, installation.settings, link.person) if link and link.person else None


def _check(person: Person, posted: FormData) -> dict[str, str]:
    return sign_in.refused(
        lambda: validation.name(posted.one("name"), empty="Write your name."),
        lambda: passwords.check_new(posted.one("password"), person.email),
        lambda: validation.zone(posted.one("zone")),
    )


def _form(
    request: Request,
    installation: Installation,
    secret: str,
    invited: Person,
    typed: dict[str, str],
    errors: dict[str, str],
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
    return page(request, "account/invite/used.html", status=410, words=USED)
