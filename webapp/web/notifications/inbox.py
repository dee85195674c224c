"""A person's inbox: their notices, newest first, and marking them as read."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from webapp.installation import Installation
from webapp.markup.clean import as_typed, shown, shown_again
from webapp.markup.weight import seconds_to_draw
from webapp.tasks import inbox
from webapp.tasks.inbox import Notice
from webapp.web.http.deps import SignedIn, TheInstallation
from webapp.web.http.multipart import Posted
from webapp.web.http.params import PageFilter, RowId, TypedSearch, one_of
from webapp.web.http.render import go, page

router = APIRouter(prefix="/inbox", include_in_schema=False)

PAGE = 50
DRAWN_NOW = 0.01  # seconds that an older notice may take to be drawn; a page may have PAGE of them
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
        bodies=_bodies(installation, notices[:PAGE]),
        older=notices[PAGE - 1].id if len(notices) > PAGE else None,
        only=filter.only,
        search=filter.q,
        chips=CHIPS,
        status_message=filter.note,
    )


def _bodies(installation: Installation, notices: Sequence[Notice]) -> Mapping[int, str]:
    """Returns the HTML of those that are drawn; what was stored without is drawn and stored once."""
    messages = [notice for notice in notices if not notice.is_own]
    missing = {notice.id: _drawn(notice.text) for notice in messages if notice.html is None}
    if missing:
        with installation.write() as conn:
            inbox.store_html(conn, missing)
    return {notice.id: shown_again(notice.html or missing.get(notice.id, "")) for notice in messages}


def _drawn(text: str) -> str:
    return shown(text) if seconds_to_draw(text) <= DRAWN_NOW else as_typed(text)


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
