"""A person's inbox: what they were told, the newest first; mark as read."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp.markup.clean import clean
from webapp.tasks import inbox
from webapp.web.http.deps import Id, SignedIn, TheInstallation
from webapp.web.http.multipart import Posted
from webapp.web.http.render import go, page

router = APIRouter(prefix="/inbox", include_in_schema=False)

PAGE = 50
CHIPS = {"": "All", "unread": "Unread", "messages": "Messages", "tasks": "Your tasks"}


@router.get("")
def index(
    request: Request, person: SignedIn, installation: TheInstallation, only: str = "", q: str = "", before: str = ""
) -> Response:
    """What there is, filtered and searched."""
    only = only if only in CHIPS else ""
    words = q.strip()[:200].replace("\0", "")
    last = int(before) if before.isdecimal() and len(before) < 19 else None
    with installation.read() as conn:
        found = inbox.listing(conn, person, only=only, words=words, before=last, limit=PAGE + 1)
    older = found[PAGE - 1].id if len(found) > PAGE else None
    shown = {one.id: clean(one.text) for one in found if not one.is_own}
    return page(
        request,
        "notifications/inbox/index.html",
        notices=found[:PAGE],
        shown=shown,
        older=older,
        only=only,
        words=words,
        chips=CHIPS,
    )


@router.post("/read")
def read_all(request: Request, person: SignedIn, installation: TheInstallation) -> Response:
    """All of them are read."""
    with installation.write() as conn:
        inbox.mark(conn, person)
    return go(request, "/inbox")


@router.post("/{notice_id:int}")
def mark(request: Request, notice_id: Id, person: SignedIn, installation: TheInstallation, posted: Posted) -> Response:
    """One is read, or unread again."""
    with installation.write() as conn:
        inbox.mark(conn, person, notice_id, read=posted.one("unread") != "1")
    return go(request, f"/inbox#notice-{notice_id}")
