"""What people press on tasks: each is one short transaction, answered where it was pressed."""

from collections.abc import Callable, Sequence

from fastapi import APIRouter, BackgroundTasks, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from webapp.accounts import audit
from webapp.clock import now
from webapp.errors import Conflict, NotFound
from webapp.installation import Installation
from webapp.ports.people import Person
from webapp.tasks import commands, failure_groups, queries
from webapp.tasks.model import Task
from webapp.web.http import flash
from webapp.web.http.deps import SignedIn, TheInstallation
from webapp.web.http.multipart import Posted
from webapp.web.http.params import Text
from webapp.web.http.redirects import path_and_params, safe_path
from webapp.web.http.render import fragment, is_htmx
from webapp.web.tasks import log_view
from webapp.web.tasks.log_view import Filter, focus_after
from webapp.web.tasks.task_view import RecipientFilter, read_task

router = APIRouter(prefix="/tasks", include_in_schema=False)

LOG_PAGES = ("/", "/tasks")
STATE_LINE = "state"  # the id of what takes the focus on a task's page

Act = Callable[[Connection, Installation, Task, Person], None]
ACTS: dict[str, Act] = {
    "undo": lambda conn, installation, task, by: commands.undo(conn, installation.engine, task, by),
    "cancel": lambda conn, installation, task, by: commands.cancel(conn, installation.engine, task, by),
    "pause": lambda conn, installation, task, by: commands.pause(
        conn, installation.engine, installation.kind(task.kind), task, by
    ),
    "resume": lambda conn, installation, task, by: commands.resume(conn, installation.engine, task, by),
    "release": lambda conn, installation, task, by: commands.release(conn, installation.engine, task, by),
    "retry": lambda conn, installation, task, by: commands.retry(conn, installation.engine, task, by),
    "dealt-with": lambda conn, installation, task, by: commands.acknowledge(conn, task, by),
    "leave-unknown": lambda conn, installation, task, by: commands.acknowledge(
        conn, task, by, words="Left as they are"
    ),
    "send-unknown": lambda conn, installation, task, by: commands.send_unknown_again(
        conn, installation.engine, task, by
    ),
}


@router.post("/{task_id:id}/{action}")
def act(
    request: Request,
    task_id: int,
    action: Text,
    person: SignedIn,
    installation: TheInstallation,
    posted: Posted,
    background: BackgroundTasks,
) -> Response:
    """Does it; where the task's state does not allow it any more, says so beside the task."""
    if action not in ACTS:
        raise NotFound("There is no such button.")
    back, words = safe_path(posted.one("back"), f"/tasks/{task_id}"), ""
    try:
        with installation.write(background) as conn:
            ACTS[action](conn, installation, queries.one(conn, task_id, person), person)
    except Conflict as error:
        words = error.words
    return _answer(request, installation, person, task_id, action, back, words)


def retry_all(installation: Installation, person: Person, ids: Sequence[int], told: str) -> int:
    """Retries these tasks, a batch in each transaction; returns how many. `told`: what the audit trail says."""
    number = 0
    for begin in range(0, len(ids), failure_groups.BATCH):
        with installation.write() as conn:
            number += failure_groups.retry(conn, installation.engine, person, ids[begin : begin + failure_groups.BATCH])
    with installation.write() as conn:
        audit.record(conn, person, told, details=f"{number} of {len(ids)}")
    return number


def _answer(
    request: Request, installation: Installation, person: Person, task_id: int, action: str, back: str, words: str
) -> Response:
    path, params = path_and_params(back)
    with installation.read() as conn:
        task = queries.one(conn, task_id, person)
        focus = focus_after(task, now(), person, action, refused=bool(words)) if path in LOG_PAGES else STATE_LINE
        if not is_htmx(request):
            answer = RedirectResponse(f"{back}#{focus}", 303)
            return flash.say(answer, words, task_id) if words else answer
        if path in LOG_PAGES:
            log = log_view.read(conn, person, path, Filter.of(params), (task_id, words), focus)
        else:
            shown = read_task(conn, installation, person, task_id, RecipientFilter.of(params), words, focus)
    if path in LOG_PAGES:
        return fragment(request, "tasks/_news.html", log=log, back=log.here, swaps="task-log", is_search=False)
    return fragment(request, "tasks/_live.html", shown=shown, row=shown.row, back=shown.here, swaps="task-live")
