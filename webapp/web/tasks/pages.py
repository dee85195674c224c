"""The list of tasks, the page of one, the question before a run is stopped, and the list of its recipients."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from webapp.accounts import people
from webapp.audit import trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.installation import Installation
from webapp.kinds import KINDS
from webapp.tasks import failure_groups, queries
from webapp.tasks.model import DeliveryRow, Task
from webapp.web.http import csv_response, flash
from webapp.web.http.deps import SignedIn, TheInstallation
from webapp.web.http.params import LocalPath
from webapp.web.http.render import page
from webapp.web.tasks import log_view
from webapp.web.tasks.log_view import Filter
from webapp.web.tasks.row_view import asks_before_cancel
from webapp.web.tasks.task_view import RecipientFilter, read_task

router = APIRouter(prefix="/tasks", include_in_schema=False)

HEAD = ("Number", "To", "State", "Tries", "Reply", "Message-ID", "Updated (UTC)")
CHUNK = 1_000  # recipients read at a time


@router.get("")
def index(
    request: Request, person: SignedIn, installation: TheInstallation, filter: Annotated[Filter, Query()]
) -> Response:
    """Shows every task that this person may see, with a search."""
    note = flash.read(request)
    with installation.read() as conn:
        log = log_view.read(conn, person, "/tasks", filter, note=note)
        causes = failure_groups.groups(conn, person) if not log.filter.is_narrow and not log.filter.before else []
        owners = [member.person for member in people.listing(conn, installation.settings)] if person.is_admin else []
    return page(
        request,
        "tasks/index.html",
        log=log,
        kinds=list(KINDS.values()),
        owners=owners,
        causes=causes,
        status_message=note.status or filter.note,
    )


@router.get("/{task_id:id}")
def show(
    request: Request,
    task_id: int,
    person: SignedIn,
    installation: TheInstallation,
    filter: Annotated[RecipientFilter, Query()],
) -> Response:
    """Shows the page of one task."""
    note = flash.read(request).beside(task_id)
    with installation.read() as conn:
        view = read_task(conn, installation, person, task_id, filter, note=note)
    return page(request, "tasks/show.html", view=view, status_message=filter.note)


@router.get("/{task_id:id}/cancel")
def ask_cancel(
    request: Request, task_id: int, person: SignedIn, installation: TheInstallation, back: LocalPath = ""
) -> Response:
    """Asks before a run is stopped that has sent something already."""
    back = back or f"/tasks/{task_id}"
    with installation.read() as conn:
        task = queries.one(conn, task_id, person)
    if not asks_before_cancel(task):
        return RedirectResponse(back, 303)
    rest = (task.progress.total or sum(task.counts.values())) - task.sent_count
    return page(request, "tasks/cancel.html", task=task, sent=task.sent_count, rest=rest, back=back)


@router.get("/{task_id:id}/recipients.csv")
def recipients(
    task_id: int, person: SignedIn, installation: TheInstallation, filter: Annotated[RecipientFilter, Query()]
) -> Response:
    """Returns the recipients that the page shows as a CSV file, with the columns of their list."""
    filter.require_whole()
    with installation.write() as conn:
        task = queries.one(conn, task_id, person)
        target = Target(TargetKind.RECIPIENTS, task_id, task.title, task.owner)
        trail.record(conn, AuditAction.EXPORT, target, trail.changes({}, filter.model_dump()))
    return csv_response.download(f"recipients-of-task-{task_id}.csv", _lines(installation, task, filter))


def _lines(installation: Installation, task: Task, filter: RecipientFilter) -> Iterator[str]:
    after, columns = -1, None
    while True:
        with installation.read() as conn:
            rows = queries.deliveries(conn, task.id, result=filter.result, words=filter.q, after=after, limit=CHUNK)
        if columns is None:  # all rows of a list have the same
            columns = list(rows[0].data) if rows else []
            yield csv_response.lines([(*HEAD, *columns)])
        if not rows:
            return
        after = rows[-1].position
        yield csv_response.lines([_cells(row, columns) for row in rows])


def _cells(row: DeliveryRow, columns: Sequence[str]) -> tuple[str, ...]:
    updated = f"{row.updated:%Y-%m-%d %H:%M:%S}"
    fixed = (str(row.position), row.to, row.state, str(row.attempts), row.reply, row.message_id, updated)
    return (*fixed, *(str(row.data.get(column, "")) for column in columns))
