"""A person's inbox: their notices, newest first, and marking them as read."""

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
    """Shows the notices, filtered and searched."""
    only = only if only in CHIPS else ""
    search = q.strip()[:200].replace("\0", "")
    last = int(before) if before.isdecimal() and len(before) < 19 else None
    with installation.read() as conn:
        notices = inbox.listing(conn, person, only=only, search=search, before=last, limit=PAGE + 1)
    return page(
        request,
        "notifications/inbox/index.html",
        notices=notices[:PAGE],
        bodies={notice.id: clean(notice.text) for notice in notices if not notice.is_own},
        older=notices[PAGE - 1].id if len(notices) > PAGE else None,
        only=only,
        search=search,
        chips=CHIPS,
    )


@router.post("/read")
def read_all(request: Request, person: SignedIn, installation: TheInstallation) -> Response:
    """Marks all notices as read."""
    with installation.write() as conn:
        inbox.mark(conn, person)
    return go(request, "/inbox")


@router.post("/{notice_id:int}")
def mark(request: Request, notice_id: Id, person: SignedIn, installation: TheInstallation, posted: Posted) -> Response:
    """Marks one notice as read or as unread."""
    with installation.write() as conn:
        inbox.mark(conn, person, notice_id, read=posted.one("unread") != "1")
    return go(request, f"/inbox#notice-{notice_id}")
