"""One's own account: profile, undo window, notices, password."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp.accounts import commands, passwords, validation
from webapp.audit import trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.errors import UserError
from webapp.installation import Installation
from webapp.ports.people import Person
from webapp.tasks import inbox
from webapp.web.account import sign_in
from webapp.web.account.sessions_and_tokens import AccountForm, account_page
from webapp.web.http import flash
from webapp.web.http.deps import SignedIn, TheInstallation
from webapp.web.http.multipart import FormData, Posted
from webapp.web.http.render import go

router = APIRouter(prefix="/account", include_in_schema=False)

WRONG = "This is not your password."


@router.get("")
def show(request: Request, person: SignedIn, installation: TheInstallation) -> Response:
    """Shows the page of the account, each part with its own form."""
    return account_page(request, installation, person)


@router.post("")
def save(request: Request, person: SignedIn, installation: TheInstallation, posted: Posted) -> Response:
    """Saves name, zone, undo window and the notices."""
    typed = {name: posted.one(name) for name in ("name", "zone", "undo_seconds")}
    default = installation.settings.undo_seconds
    if errors := _check(typed, default):
        return account_page(request, installation, person, AccountForm(typed=typed, errors=errors, status=422))
    with installation.write() as conn:
        trail.record(conn, AuditAction.CHANGE, _target(TargetKind.PROFILE, person), _changes(person, typed))
        commands.set_profile(conn, person, typed["name"], typed["zone"])
        commands.set_undo_seconds(conn, person, validation.undo_seconds(typed["undo_seconds"], default))
        inbox.save_preferences(conn, person.id, posted.one("notices"), posted.all("notice_ways"))
    return flash.add(go(request, "/account"), "Saved")


@router.post("/password")
def set_password(request: Request, person: SignedIn, installation: TheInstallation, posted: Posted) -> Response:
    """Sets a new password for a person who knows the present one; sessions and tokens end, this browser stays in."""
    if refused := _refused_passwords(request, installation, person, posted):
        return account_page(request, installation, person, refused)
    stored = passwords.hashed(posted.one("password"))
    with installation.write() as conn:
        commands.set_password(conn, person, stored)
        trail.record(conn, AuditAction.CHANGE_PASSWORD, _target(TargetKind.PERSON, person))
        cookie = sign_in.begin(request, conn, person.id)
    return flash.add(
        sign_in.welcome(request, cookie, "/account"),
        "Your password is changed. You are signed out everywhere else, and your tokens are ended.",
    )


def _target(kind: TargetKind, person: Person) -> Target:
    return Target(kind, person.id, person.email, person.id)


def _changes(person: Person, typed: dict[str, str]) -> str:
    before = {"name": person.name, "zone": person.zone.key, "undo_seconds": str(person.undo_seconds)}
    return trail.changes(before, typed)


def _check(typed: dict[str, str], default: int) -> dict[str, str]:
    return sign_in.refused(
        lambda: validation.name(typed["name"], empty="Write your name."),
        lambda: validation.zone(typed["zone"]),
        lambda: validation.undo_seconds(typed["undo_seconds"], default),
    )


def _refused_passwords(
    request: Request, installation: Installation, person: Person, posted: FormData
) -> AccountForm | None:
    if errors := sign_in.refused(lambda: passwords.check_new(posted.one("password"), person.email, person.name)):
        return AccountForm(errors=errors, status=422)
    try:
        sign_in.prove(installation, request, person.email, posted.one("current"), UserError(WRONG, "current"))
    except UserError as error:
        with installation.write() as conn:
            target = _target(TargetKind.NONE, person)
            trail.record_once(
                conn, AuditAction.PASSWORD_REFUSED, target, sign_in.reason_of(error), sign_in.SAME_REFUSAL
            )
        return AccountForm(errors={"current": error.message}, status=error.status, headers=sign_in.headers_of(error))
    return None
