"""Home: what one can start, and the task log."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from webapp.accounts import people, saved_forms
from webapp.audit import trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.connections import channels
from webapp.db import preferences
from webapp.installation import Installation
from webapp.kinds import KINDS
from webapp.ports.people import Person
from webapp.tasks import failure_groups
from webapp.web.http import flash
from webapp.web.http.deps import Admin, SignedIn, TheInstallation
from webapp.web.http.render import go, page
from webapp.web.tasks import log_view
from webapp.web.tasks.log_view import HomeFilter

router = APIRouter(include_in_schema=False)

SKIPPED = "skipped-steps"
Step = Literal["mail", "channel", "people"]


@router.get("/")
def home(
    request: Request, person: SignedIn, installation: TheInstallation, filter: Annotated[HomeFilter, Query()]
) -> Response:
    """Shows the kinds of tasks that the person can start, and the task log."""
    note = flash.read(request)
    with installation.read() as conn:
        log = log_view.read(conn, person, "/", filter, note=note)
        common = next((cause for cause in failure_groups.groups(conn, person) if cause.number > 1), None)
        shortcuts = [(KINDS[kind], one) for kind, one in saved_forms.shortcuts(conn, person) if kind in KINDS]
        steps = _steps(conn, person, installation, request.app.state.page_paths)
    return page(
        request,
        "home/index.html",
        log=log,
        kinds=[kind for kind in KINDS.values() if kind.on_home],
        shortcuts=shortcuts,
        steps=steps,
        stopped=common if person.is_admin else None,
        here_first=bool(filter.first),
        status_message=note.status or filter.note,
    )


@router.post("/before/{step}/skip")
def skip(request: Request, step: Step, person: Admin, installation: TheInstallation) -> Response:
    """Takes one step of “Before colleagues start” off the page, for all admins."""
    with installation.write() as conn:
        skipped = preferences.get(conn, preferences.EVERYBODY, SKIPPED) or []
        preferences.put(conn, preferences.EVERYBODY, SKIPPED, sorted({*skipped, step}))
        trail.record(conn, AuditAction.SKIP, Target(TargetKind.STEP, step, step))
    return go(request, "/#before")


@router.post("/shortcuts/{kept_id:id}/remove")
def remove_shortcut(request: Request, kept_id: int, person: SignedIn, installation: TheInstallation) -> Response:
    """Takes a shortcut off the page; what was started with it stays."""
    with installation.write() as conn:
        name = saved_forms.drop(conn, person, kept_id)
        trail.record(conn, AuditAction.REMOVE, Target(TargetKind.SHORTCUT, kept_id, name, person.id))
    return flash.add(go(request, "/"), "The shortcut is removed.")


def _steps(conn: Connection, person: Person, installation: Installation, paths: set[str]) -> list[str]:
    """What an admin ought to do before colleagues start, as far as it is open."""
    if not person.is_admin:
        return []
    skipped = preferences.get(conn, preferences.EVERYBODY, SKIPPED) or []
    is_open = {
        "mail": not installation.mail.has_server,
        "channel": not channels.listing(conn),
        "people": "/people" in paths and len(people.listing(conn, installation.settings)) < 2,
    }
    return [step for step, holds in is_open.items() if holds and step not in skipped]
