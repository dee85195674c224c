"""The ways into one's own account: sessions of browsers and tokens of programs; draws the account page."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp.accounts import audit, sessions, tokens, validation
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
    """Signs the person out everywhere else."""
    with installation.write() as conn:
        sessions.end_all(conn, person.id, keep=session_of(request).hash)
        audit.record(conn, person, "ended the other sessions", person.email)
    return flash.say(go(request, "/account"), "You are signed out everywhere else.")


@router.post("/sessions/{session_id}/end")
def end_one(request: Request, session_id: Text, person: SignedIn, installation: TheInstallation) -> Response:
    """Ends one session; one's own sends to the page of signing in."""
    with installation.write() as conn:
        sessions.end_one(conn, person.id, session_id)
        audit.record(conn, person, "ended a session", person.email)
    return flash.say(go(request, "/account"), "That session is ended.")


@router.post("/tokens")
def make_token(request: Request, person: SignedIn, installation: TheInstallation, posted: Posted) -> Response:
    """Shows the new token, this once. The same name again is refused, so that a reload makes no second one."""
    typed = posted.one("token_name")
    try:
        with installation.write() as conn:
            name = read_name(typed, empty=tokens.EMPTY)
            if name in {token.name for token in tokens.of_person(conn, person.id)}:
                raise UserError(TAKEN)
            secret = tokens.add(conn, person.id, name)
            audit.record(conn, person, "made a token", name)
    except UserError as refused:
        errors = {"token_name": refused.words}
        return draw(request, installation, person, typed={"token_name": typed}, errors=errors, status=422)
    return draw(request, installation, person, new_token=secret)


@router.post("/tokens/{token_id:id}/revoke")
def revoke_token(request: Request, token_id: int, person: SignedIn, installation: TheInstallation) -> Response:
    """Ends a token at once."""
    with installation.write() as conn:
        name = tokens.revoke(conn, person.id, token_id)
        audit.record(conn, person, "revoked a token", name)
    return flash.say(go(request, "/account"), f"“{name}” is revoked.")


def draw(
    request: Request,
    installation: Installation,
    person: Person,
    *,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    new_token: str = "",
) -> Response:
    """The account page; `typed` stands in place of what is stored."""
    with installation.read() as conn:
        listed = sessions.of_person(conn, installation.settings, person.id)
        made = tokens.of_person(conn, person.id)
        wanted = inbox.preferences(conn, person.id)
    stored = {
        "name": person.name,
        "zone": person.zone.key,
        "undo_seconds": str(person.undo_seconds),
        "token_name": "",
        "notices": wanted.which,
    }
    return page(
        request,
        "account/index.html",
        status=status,
        headers=headers,
        refused=status >= 400,
        said=flash.said(request).words,
        typed={**stored, **(typed or {})},
        errors=errors or {},
        zones=validation.zones_to_choose(),
        waits=_waits(installation.settings.undo_seconds),
        notices=list(inbox.CHOICES.items()),
        notice_ways=list(inbox.WAY_CHOICES.items()),
        chosen_ways=wanted.ways,
        has_mail_server=installation.mail.has_server,
        sessions=[(session, user_agents.named(session.agent)) for session in listed],
        this=session_of(request).id,
        tokens=made,
        new_token=new_token,
    )


def _waits(default: int) -> list[tuple[str, str]]:
    """The choices of “Wait before sending”, with the installation's own among them."""
    return [(str(seconds), _wait(seconds)) for seconds in sorted({*validation.UNDO_CHOICES, default})]


def _wait(seconds: int) -> str:
    if seconds == 0:
        return "Do not wait"
    return plural(seconds, "second") if seconds % 60 else plural(seconds // 60, "minute")
