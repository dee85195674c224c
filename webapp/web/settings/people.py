"""People, for admins: the list, invitations, roles, disabling and enabling accounts."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp.accounts import commands, links, people, public_url, validation
from webapp.accounts.links import NewLink
from webapp.accounts.people import NewPerson
from webapp.audit import trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.errors import Conflict, UserError
from webapp.installation import Installation
from webapp.ports.people import Person
from webapp.web.account import sign_in
from webapp.web.forms.refusal import Refusal
from webapp.web.http import flash
from webapp.web.http.deps import Admin, TheInstallation
from webapp.web.http.multipart import FormData, Posted
from webapp.web.http.render import go, page

router = APIRouter(prefix="/people", include_in_schema=False)

OWN = "This is your own account. Another admin can do that."


@router.get("")
def listing(request: Request, person: Admin, installation: TheInstallation) -> Response:
    """Shows everybody, and the form of an invitation."""
    return _page(request, installation)


@router.post("")
def invite(request: Request, person: Admin, installation: TheInstallation, posted: Posted) -> Response:
    """Adds a person and shows the link by which they choose a password."""
    typed = {name: posted.one(name) for name in ("email", "name", "role")}
    errors = _check(posted)
    if not errors:
        try:
            with installation.write() as conn:
                added = people.add(conn, installation.settings, NewPerson(**typed))
                trail.record(conn, AuditAction.INVITE, _target(added), f"role: {added.role}")
                made = links.new_invite(conn, added.id)
            return _page(request, installation, link=made, invited=added)
        except UserError as taken:
            errors = {taken.field or "email": taken.message}
    return _page(request, installation, Refusal(typed=typed, errors=errors))


@router.post("/{person_id:id}/link")
def new_link(request: Request, person_id: int, person: Admin, installation: TheInstallation) -> Response:
    """Makes a new link for a person who lost theirs or forgot the password."""
    with installation.write() as conn:
        member = people.by_id(conn, installation.settings, person_id)
        if people.is_disabled(conn, person_id):
            raise Conflict(f"{member.name} is disabled. Enable them first.")
        made = links.new_invite(conn, person_id)
        trail.record(conn, AuditAction.MAKE_LINK, _target(member))
    return _page(request, installation, link=made, invited=member)


@router.post("/{person_id:id}/role")
def set_role(
    request: Request, person_id: int, person: Admin, installation: TheInstallation, posted: Posted
) -> Response:
    """Makes an admin of staff, or staff of an admin."""
    role = validation.role(posted.one("role"))
    with installation.write() as conn:
        member = _other(people.by_id(conn, installation.settings, person_id), person)
        commands.set_role(conn, member, role)
        trail.record(conn, AuditAction.CHANGE_ROLE, _target(member), f"role: {member.role} → {role}")
    return flash.add(go(request, "/people"), f"{member.name} is {'an admin' if role == 'admin' else 'staff'} now.")


@router.post("/{person_id:id}/disable")
def disable(request: Request, person_id: int, person: Admin, installation: TheInstallation) -> Response:
    """Disables an account and ends its sessions; its tasks and files stay."""
    with installation.write() as conn:
        member = _other(people.by_id(conn, installation.settings, person_id), person)
        commands.disable(conn, member)
        trail.record(conn, AuditAction.DISABLE, _target(member))
    return flash.add(go(request, "/people"), f"{member.name} is signed out everywhere and cannot sign in.")


@router.post("/{person_id:id}/enable")
def enable(request: Request, person_id: int, person: Admin, installation: TheInstallation) -> Response:
    """Enables a disabled account."""
    with installation.write() as conn:
        member = people.by_id(conn, installation.settings, person_id)
        commands.enable(conn, member)
        trail.record(conn, AuditAction.ENABLE, _target(member))
    return flash.add(go(request, "/people"), f"{member.name} can sign in again.")


def _target(member: Person) -> Target:
    return Target(TargetKind.PERSON, member.id, member.email, member.id)


def _check(posted: FormData) -> dict[str, str]:
    return sign_in.refused(
        lambda: validation.email(posted.one("email")),
        lambda: validation.name(posted.one("name")),
        lambda: validation.role(posted.one("role")),
    )


def _other(member: Person, person: Person) -> Person:
    # An admin who disabled their own account by mistake would need a terminal to undo it.
    if member.id == person.id:
        raise Conflict(OWN)
    return member


def _page(
    request: Request,
    installation: Installation,
    refusal: Refusal | None = None,
    *,
    link: NewLink | None = None,
    invited: Person | None = None,
) -> Response:
    with installation.read() as conn:
        members = people.listing(conn, installation.settings)
        base = public_url.of(conn, installation.settings)
    return page(
        request,
        "settings/people/index.html",
        status=refusal.status if refusal else 200,
        status_message=flash.read(request).message,
        members=members,
        typed=refusal.typed if refusal else {"email": "", "name": "", "role": "staff"},
        errors=refusal.errors if refusal else {},
        link=f"{base}/invite/{link.secret}" if link else "",
        is_local=public_url.is_local(base),
        expires=link.expires if link else None,
        invited=invited,
    )
