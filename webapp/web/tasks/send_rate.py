"""Changes how fast a run sends, from the page of its task."""

from fastapi import APIRouter, BackgroundTasks, Request
from fastapi.responses import Response

from webapp.audit import trail
from webapp.audit.actions import AuditAction
from webapp.errors import Conflict, UserError
from webapp.installation import Installation
from webapp.ports.people import Person
from webapp.tasks import queries
from webapp.tasks.ledger import send_rate
from webapp.web.http.deps import SignedIn, TheInstallation
from webapp.web.http.multipart import Posted
from webapp.web.http.redirects import path_and_params, safe_path
from webapp.web.http.render import is_htmx, page_or_fragment
from webapp.web.tasks.actions import target_of
from webapp.web.tasks.task_view import STATE_LINE, RecipientFilter, TaskView, go_back, read_task

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
    """Changes the speed at once; shows beside the field what is wrong with the number."""
    back = safe_path(posted.one("back"), f"/tasks/{task_id}")
    typed = posted.one("rate")
    try:
        rate = send_rate.read_rate(typed)
    except UserError as error:
        return _page(request, _view(installation, person, task_id, back), error=error.message, typed=typed)
    refusal = ""
    try:
        with installation.write(background) as conn:
            task = queries.one(conn, task_id, person)
            send_rate.change_speed(conn, installation.engine, task, person, rate)
            trail.record(
                conn, AuditAction.CHANGE_RATE, target_of(task), trail.changes({"rate": task.rate}, {"rate": rate})
            )
    except Conflict as error:
        refusal = error.message
    if is_htmx(request):
        return _page(request, _view(installation, person, task_id, back, note=refusal, focus=STATE_LINE))
    return go_back(back, STATE_LINE, task_id, refusal)


def _view(
    installation: Installation, person: Person, task_id: int, back: str, *, note: str = "", focus: str = ""
) -> TaskView:
    filter = RecipientFilter.of(path_and_params(back)[1])
    with installation.read() as conn:
        return read_task(conn, installation, person, task_id, filter, note=note, focus=focus)


def _page(request: Request, view: TaskView, *, error: str = "", typed: str = "") -> Response:
    return page_or_fragment(
        request,
        "tasks/show.html",
        "tasks/_live.html",
        status=422 if error else 200,
        view=view,
        rate_error=error,
        rate_typed=typed,
    )
