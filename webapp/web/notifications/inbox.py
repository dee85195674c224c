"""A person's inbox: their notices, newest first, and marking them as read."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from webapp.markup.clean import clean
from webapp.tasks import inbox
from webapp.web.http.deps import SignedIn, TheInstallation
from webapp.web.http.multipart import Posted
from webapp.web.http.params import PageFilter, RowId, TypedSearch, one_of
from webapp.web.http.render import go, page

router = APIRouter(prefix="/inbox", include_in_schema=False)

PAGE = 50
CHIPS = {"": "All", "unread": "Unread", "messages": "Messages", "tasks": "Your tasks"}


class InboxFilter(PageFilter):
    """Which messages are looked at; `before` is the id that the previous page ended with."""

    only: Annotated[str, one_of(CHIPS)] = ""
    q: TypedSearch = ""
    before: RowId = 0


@router.get("")
def index(
    request: Request, person: SignedIn, installation: TheInstallation, filter: Annotated[InboxFilter, Query()]
) -> Response:
    """Shows the notices, filtered and searched."""
    with installation.read() as conn:
        notices = inbox.listing(
            conn, person, only=filter.only, search=filter.q, before=filter.before or None, limit=PAGE + 1
        )
    return page(
        request,
        "notifications/inbox/index.html",
        notices=notices[:PAGE],
        bodies={notice.id: clean(notice.text) for notice in notices if not notice.is_own},
        older=notices[PAGE - 1].id if len(notices) > PAGE else None,
        only=filter.only,
        search=filter.q,
        chips=CHIPS,
        status_message=filter.note,
    )


@router.post("/read")
def read_all(request: Request, person: SignedIn, installation: TheInstallation) -> Response:
    """Marks all notices as read."""
    with installation.write() as conn:
        inbox.mark(conn, person)
    return go(request, "/inbox")


@router.post("/{notice_id:id}")
def mark(request: Request, notice_id: int, person: SignedIn, installation: TheInstallation, posted: Posted) -> Response:
    """Marks one notice as read or as unread."""
    with installation.write() as conn:
        inbox.mark(conn, person, notice_id, read=posted.one("unread") != "1")
    return go(request, f"/inbox#notice-{notice_id}")
