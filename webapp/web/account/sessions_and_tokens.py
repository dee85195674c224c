"""The sessions of browsers and the tokens of programs of one's own account; draws the account page."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp.accounts import commands, sessions, tokens, validation
from webapp.audit import trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.errors import UserError
from webapp.installation import Installation
from webapp.ports.names import read_name
from webapp.ports.people import Person
from webapp.tasks import inbox
from webapp.web.http import flash, user_agents
from webapp.web.http.deps import SignedIn, TheInstallation, session_of
from webapp.web.http.formatting import plural
from webapp.web.http.multipart import Posted
from webapp.web.http.params import Text
from webapp.web.http.render import go, page

router = APIRouter(prefix="/account", include_in_schema=False)

TAKEN = "You have a token of this name. Choose another one."


@router.post("/sessions/end")
def end_others(request: Request, person: SignedIn, installation: TheInstallation) -> Response:
    """Signs the person out everywhere else; their tokens end too."""
    with installation.write() as conn:
        commands.sign_out_everywhere(conn, person, keep=session_of(request).hash)
        trail.record(conn, AuditAction.END, Target(TargetKind.SESSION, "", person.email, person.id), "All others")
    return flash.add(go(request, "/account"), "You are signed out everywhere else. Your tokens are ended.")


@router.post("/sessions/{session_id}/end")
def end_one(request: Request, session_id: Text, person: SignedIn, installation: TheInstallation) -> Response:
    """Ends one session; after one's own the next page is that of signing in."""
    with installation.write() as conn:
        sessions.end_one(conn, person.id, session_id)
        trail.record(conn, AuditAction.END, Target(TargetKind.SESSION, session_id, person.email, person.id))
    return flash.add(go(request, "/account"), "That session is ended.")


@router.post("/tokens")
def make_token(request: Request, person: SignedIn, installation: TheInstallation, posted: Posted) -> Response:
    """Makes a token and shows it once. Refuses a name that exists, so that a reload makes no second token."""
    typed = posted.one("token_name")
    try:
        with installation.write() as conn:
            name = read_name(typed, empty=tokens.EMPTY)
            if name in {token.name for token in tokens.of_person(conn, person.id)}:
                raise UserError(TAKEN)
            secret = tokens.add(conn, person.id, name)
            trail.record(conn, AuditAction.ADD, Target(TargetKind.TOKEN, "", name, person.id))
    except UserError as refused:
        form = AccountForm(typed={"token_name": typed}, errors={"token_name": refused.message}, status=422)
        return account_page(request, installation, person, form)
    return account_page(request, installation, person, AccountForm(new_token=secret))


@router.post("/tokens/{token_id:id}/revoke")
def revoke_token(request: Request, token_id: int, person: SignedIn, installation: TheInstallation) -> Response:
    """Ends a token at once."""
    with installation.write() as conn:
        name = tokens.revoke(conn, person.id, token_id)
        trail.record(conn, AuditAction.REVOKE, Target(TargetKind.TOKEN, token_id, name, person.id))
    return flash.add(go(request, "/account"), f"“{name}” is revoked.")


@dataclass(frozen=True, kw_only=True)
class AccountForm:
    """A posted part of the account page: `typed` has precedence over what is stored; `new_token` is shown once."""

    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    new_token: str = ""


def account_page(
    request: Request, installation: Installation, person: Person, form: AccountForm | None = None
) -> Response:
    """Returns the account page, after the form was posted or as it is stored."""
    form = form or AccountForm()
    with installation.read() as conn:
        listed = sessions.of_person(conn, installation.settings, person.id)
        made = tokens.of_person(conn, person.id)
        preferences = inbox.read_preferences(conn, person.id)
    stored = {
        "name": person.name,
        "zone": person.zone.key,
        "undo_seconds": str(person.undo_seconds),
        "token_name": "",
        "notices": preferences.which,
    }
    return page(
        request,
        "account/index.html",
        status=form.status,
        headers=form.headers,
        refused=form.status >= 400,
        status_message=flash.read(request).message,
        typed={**stored, **form.typed},
        errors=form.errors,
        zones=validation.zones_to_choose(),
        waits=_waits(installation.settings.undo_seconds),
        notices=list(inbox.CHOICES.items()),
        notice_channels=list(inbox.CHANNEL_CHOICES.items()),
        chosen_channels=preferences.channels,
        has_mail_server=installation.mail.has_server,
        sessions=[(session, user_agents.named(session.agent)) for session in listed],
        this=session_of(request).id,
        tokens=made,
        new_token=form.new_token,
    )


def _waits(default: int) -> list[tuple[str, str]]:
    """Returns the choices of “Wait before sending”, including that of the settings."""
    return [(str(seconds), _wait(seconds)) for seconds in sorted({*validation.UNDO_CHOICES, default})]


def _wait(seconds: int) -> str:
    if seconds == 0:
        return "Do not wait"
    return plural(seconds, "second") if seconds % 60 else plural(seconds // 60, "minute")
