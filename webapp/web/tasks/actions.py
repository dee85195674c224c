"""The buttons of a task: each is one short transaction, answered where it was pressed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, BackgroundTasks, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from webapp.audit import trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.clock import now
from webapp.errors import Conflict, NotFound
from webapp.installation import Installation
from webapp.ports.engine import Engine
from webapp.ports.people import Person
from webapp.tasks import commands, failure_groups, queries
from webapp.tasks.model import Task
from webapp.web.http.deps import SignedIn, TheInstallation
from webapp.web.http.flash import Flash
from webapp.web.http.multipart import Posted
from webapp.web.http.params import Text
from webapp.web.http.redirects import path_and_params, safe_path
from webapp.web.http.render import fragment, is_htmx
from webapp.web.tasks import log_view
from webapp.web.tasks.log_view import Filter, focus_after
from webapp.web.tasks.task_view import STATE_LINE, RecipientFilter, go_back, read_task

router = APIRouter(prefix="/tasks", include_in_schema=False)

LOG_PAGES = ("/", "/tasks")
MOST_NAMED = 1_000  # numbers of tasks in one entry of the audit trail

Act = Callable[[Connection, Installation, Task, Person], None]


def _on_engine(command: Callable[[Connection, Engine, Task, Person], None]) -> Act:
    """Returns the act of a command that needs the engine and nothing else of the installation."""
    return lambda conn, installation, task, by: command(conn, installation.engine, task, by)


ACTS: dict[str, tuple[AuditAction, Act]] = {
    "undo": (AuditAction.UNDO, _on_engine(commands.undo)),
    "cancel": (AuditAction.CANCEL, _on_engine(commands.cancel)),
    "pause": (
        AuditAction.PAUSE,
        lambda conn, installation, task, by: commands.pause(
            conn, installation.engine, installation.kind(task.kind), task, by
        ),
    ),
    "resume": (AuditAction.RESUME, _on_engine(commands.resume)),
    "release": (AuditAction.RELEASE, _on_engine(commands.release)),
    "retry": (AuditAction.RETRY, _on_engine(commands.retry)),
    "dealt-with": (
        AuditAction.ACKNOWLEDGE,
        lambda conn, installation, task, by: commands.acknowledge(conn, task, by),
    ),
    "leave-unknown": (
        AuditAction.LEAVE_UNKNOWN,
        lambda conn, installation, task, by: commands.acknowledge(conn, task, by, message="Left as they are"),
    ),
    "send-unknown": (AuditAction.SEND_UNKNOWN, _on_engine(commands.send_unknown_again)),
}


def perform(conn: Connection, installation: Installation, name: str, task: Task, by: Person) -> None:
    """Does what a button says, and records it; raises Conflict if the task's state does not allow it."""
    action, act = ACTS[name]
    act(conn, installation, task, by)
    trail.record(conn, action, target_of(task))


def target_of(task: Task) -> Target:
    """Returns what an entry of the audit trail says of a task."""
    return Target(TargetKind.TASK, task.id, task.title, task.owner)


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
    """Does it; shows beside the task why its state does not allow it any more."""
    if action not in ACTS:
        raise NotFound("There is no such button.")
    back, refusal = safe_path(posted.one("back"), f"/tasks/{task_id}"), ""
    try:
        with installation.write(background) as conn:
            perform(conn, installation, action, queries.one(conn, task_id, person), person)
    except Conflict as error:
        refusal = error.message
    press = _Press(task=task_id, action=action, back=back, refusal=refusal)
    if not is_htmx(request):
        with installation.read() as conn:
            return go_back(back, _focus(conn, person, press), task_id, refusal)
    path, _ = path_and_params(back)
    return (_log if path in LOG_PAGES else _page)(request, installation, person, press)


def retry_all(installation: Installation, person: Person, ids: Sequence[int], why: str) -> int:
    """Retries these tasks, a batch in each transaction, and returns how many.

    `why` goes into the audit trail, with the numbers of the tasks.
    """
    number = 0
    for begin in range(0, len(ids), failure_groups.BATCH):
        with installation.write() as conn:
            number += failure_groups.retry(conn, installation.engine, person, ids[begin : begin + failure_groups.BATCH])
    with installation.write() as conn:
        target = Target(TargetKind.TASK, "", f"{number:,} of {len(ids):,} tasks")
        numbers = ", ".join(map(str, ids[:MOST_NAMED]))
        trail.record(conn, AuditAction.RETRY, target, f"{why}\nTasks: {numbers}")
    return number


@dataclass(frozen=True, kw_only=True)
class _Press:
    """A button that was pressed, the page it stood on, and why it was refused (empty: it was not)."""

    task: int
    action: str
    back: str
    refusal: str


def _focus(conn: Connection, person: Person, press: _Press) -> str:
    path, _ = path_and_params(press.back)
    if path not in LOG_PAGES:
        return STATE_LINE
    task = queries.one(conn, press.task, person)
    return focus_after(task, now(), person, press.action, refused=bool(press.refusal))


def _log(request: Request, installation: Installation, person: Person, press: _Press) -> Response:
    path, params = path_and_params(press.back)
    with installation.read() as conn:
        focus = _focus(conn, person, press)
        note = Flash(message=press.refusal, task=press.task)
        log = log_view.read(conn, person, path, Filter.of(params), note=note, focus=focus)
    return fragment(request, "tasks/_news.html", log=log, is_search=False)


def _page(request: Request, installation: Installation, person: Person, press: _Press) -> Response:
    filter = RecipientFilter.of(path_and_params(press.back)[1])
    with installation.read() as conn:
        view = read_task(conn, installation, person, press.task, filter, note=press.refusal, focus=STATE_LINE)
    return fragment(request, "tasks/_live.html", view=view)
