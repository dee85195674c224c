"""Settings, for admins: where mail goes, how long things are kept, how the panel is, and who did what."""

from collections.abc import Sequence
from threading import Lock

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp import __version__
from webapp.accounts import audit
from webapp.errors import Conflict
from webapp.house import House
from webapp.mail.trial import Step, try_out
from webapp.mail.url import read_sender, read_url
from webapp.web import condition, environment, flash
from webapp.web.deps import Admin, TheHouse
from webapp.web.render import fragment, go, is_htmx, page

router = APIRouter(prefix="/settings", include_in_schema=False)

PAGE = 50
_testing = Lock()  # a silent server holds a thread for a minute: pressing again must not take another


@router.get("")
def index(request: Request, person: Admin, house: TheHouse) -> Response:
    """All of it, as the environment and the database have it."""
    return _page(request, house)


@router.get("/mail/test")
def tested(request: Request, person: Admin) -> Response:
    """Whoever loads the page of a test again."""
    return go(request, "/settings#mail")


@router.post("/mail/test")
def test(request: Request, person: Admin, house: TheHouse) -> Response:
    """Tries the mail server, while no transaction is open, and lists the steps."""
    settings = house.settings
    if not settings.smtp_url:
        raise Conflict("There is no mail server to test.")
    server = read_url(settings.smtp_url)
    sender = read_sender(settings.mail_from, server)
    if not _testing.acquire(blocking=False):
        raise Conflict("The mail server is being tested already. Try again in a minute.")
    try:
        steps = try_out(server, sender)
    finally:
        _testing.release()
    failed = next((step.name for step in steps if step.state == "failed"), "")
    with house.write() as conn:
        audit.record(conn, person, "tested the mail server", server.host, f"failed at: {failed}" if failed else "well")
    if is_htmx(request):
        return fragment(request, "settings/_test.html", steps=steps, failed=failed)
    return _page(request, house, steps, failed)


def _page(request: Request, house: House, steps: Sequence[Step] = (), failed: str = "") -> Response:
    before = _before(request)
    with house.read() as conn:
        trail = audit.listing(conn, before, PAGE + 1)
    return page(
        request,
        "settings/index.html",
        said=flash.said(request).words,
        mail=environment.mail(house.settings),
        outbox=house.data_dir / "outbox",
        steps=steps,
        failed=failed,
        keeping=environment.keeping(house.settings),
        parts=condition.parts(house),
        version=__version__,
        engine=house.settings.engine,
        trail=trail[:PAGE],
        older=trail[PAGE - 1].id if len(trail) > PAGE else None,
        before=before,
    )


def _before(request: Request) -> int | None:
    given = request.query_params.get("before", "")
    return int(given) if given.isdecimal() and len(given) < 19 else None
