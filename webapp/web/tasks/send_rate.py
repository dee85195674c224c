"""Changes how fast a run sends, from the page of its task."""

from fastapi import APIRouter, BackgroundTasks, Request
from fastapi.responses import RedirectResponse, Response

from webapp.errors import Conflict, UserError
from webapp.installation import Installation
from webapp.ports.people import Person
from webapp.tasks import queries
from webapp.tasks.ledger import send_rate
from webapp.web.http import flash
from webapp.web.http.deps import SignedIn, TheInstallation
from webapp.web.http.multipart import Posted
from webapp.web.http.redirects import path_and_params, safe_path
from webapp.web.http.render import is_htmx, page_or_fragment
from webapp.web.tasks.actions import STATE_LINE
from webapp.web.tasks.task_view import RecipientFilter, read_task

router = APIRouter(prefix="/tasks", include_in_schema=False)


@router.post("/{task_id:id}/speed")
def change(
    request: Request,
    task_id: int,
    person: SignedIn,
    installation: TheInstallation,
    posted: Posted,
    background: BackgroundTasks,
) -> Response:
    """Sets it at once, or says beside the field what is wrong with the number."""
    back = safe_path(posted.one("back"), f"/tasks/{task_id}")
    typed = posted.one("rate")
    try:
        rate = send_rate.read_rate(typed)
    except UserError as error:
        return _page(request, installation, person, task_id, back, wrong=error.words, typed=typed)
    words = ""
    try:
        with installation.write(background) as conn:
            send_rate.change_speed(conn, installation.engine, queries.one(conn, task_id, person), person, rate)
    except Conflict as error:
        words = error.words
    if is_htmx(request):
        return _page(request, installation, person, task_id, back, note=words)
    answer = RedirectResponse(f"{back}#{STATE_LINE}", 303)
    return flash.say(answer, words, task_id) if words else answer


def _page(
    request: Request, installation: Installation, person: Person, task_id: int, back: str,
    *, note: str = "", wrong: str = "", typed: str = "",
) -> Response:  # fmt: skip
    _, params = path_and_params(back)
    focus = "" if wrong else STATE_LINE
    with installation.read() as conn:
        shown = read_task(conn, installation, person, task_id, RecipientFilter.of(params), note, focus)
    return page_or_fragment(
        request,
        "tasks/show.html",
        "tasks/_live.html",
        status=422 if wrong else 200,
        shown=shown,
        row=shown.row,
        back=shown.here,
        swaps="task-live",
        rate_error=wrong,
        rate_typed=typed,
    )
