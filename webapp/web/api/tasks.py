"""/api/v1/tasks for programs: start, list, look at, and change a task."""

from typing import Any

from fastapi import APIRouter, BackgroundTasks, Response
from sqlalchemy import Connection

from webapp.accounts import people
from webapp.errors import NotFound
from webapp.installation import Installation
from webapp.kinds import KINDS
from webapp.ports.people import Person
from webapp.tasks import queries
from webapp.tasks.queries import View
from webapp.web.api import starting
from webapp.web.api.body import Body, json_object
from webapp.web.api.pagination import (
    DEFAULT_LIMIT,
    Before,
    Kind,
    Limit,
    Owner,
    Page,
    States,
    TaskId,
    Words,
    page_of,
    position_of,
)
from webapp.web.api.schemas import TaskOut, answer, task_out
from webapp.web.http.deps import Program, TheInstallation
from webapp.web.http.params import IdempotencyKey
from webapp.web.http.problem import problems
from webapp.web.tasks.actions import perform

router = APIRouter(prefix="/api/v1/tasks", tags=["Tasks"], responses=problems(401))

NOBODY = 0  # no row has this id
EXAMPLES = {name: {"kind": name, **kind.example} for name, kind in KINDS.items() if kind.example}
START = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/Start"},
                "examples": {name: {"value": value} for name, value in EXAMPLES.items()},
            }
        },
    }
}
AGAIN: dict[int | str, dict[str, Any]] = {200: {"model": TaskOut, "description": "This key has started it before."}}
ONE: dict[str, Any] = {"response_model": TaskOut, "responses": problems(404)}
ACT: dict[str, Any] = {"response_model": TaskOut, "responses": problems(404, 409)}


@router.post(
    "", status_code=201, response_model=TaskOut, responses=AGAIN | problems(409, 413, 422, 503), openapi_extra=START
)
def start(
    person: Program, installation: TheInstallation, body: Body, background: BackgroundTasks, key: IdempotencyKey = None
) -> Response:
    """Starts a task.

    The same `Idempotency-Key` with the same body again answers 200 with the same task; with another body, 409.
    """
    started = starting.start(installation, person, json_object(body), key, background)
    headers = {"Location": f"{router.prefix}/{started.id}"}
    return answer(_task(installation, person, started.id), 201 if started.is_new else 200, headers)


@router.get("", response_model=Page[TaskOut], responses=problems(422))
def index(
    person: Program,
    installation: TheInstallation,
    state: States = [],  # noqa: B006
    kind: Kind = "",
    q: Words = "",
    owner: Owner = "",
    before: Before = "",
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """Tasks, newest first; staff see their own."""
    position = position_of(before, "tasks")
    with installation.read() as conn:
        view = View(_whose(conn, installation, person, owner), states=state, kind=kind, words=q)
        rows = queries.recent(conn, view, limit + 1, position)
    return answer(page_of(rows, limit, task_out, "tasks", lambda task: task.id))


@router.get("/{task_id}", **ONE)
def show(task_id: TaskId, person: Program, installation: TheInstallation) -> Response:
    """One task."""
    return answer(_task(installation, person, task_id))


@router.post("/{task_id}/cancel", **ACT)
def cancel(task_id: TaskId, person: Program, installation: TheInstallation, background: BackgroundTasks) -> Response:
    """Ends a task that has not ended; a running one as soon as the current step allows."""
    return _act("cancel", task_id, person, installation, background)


@router.post("/{task_id}/retry", **ACT)
def retry(task_id: TaskId, person: Program, installation: TheInstallation, background: BackgroundTasks) -> Response:
    """Does again what failed, was skipped or saved; never what was sent or is unknown."""
    return _act("retry", task_id, person, installation, background)


@router.post("/{task_id}/pause", **ACT)
def pause(task_id: TaskId, person: Program, installation: TheInstallation, background: BackgroundTasks) -> Response:
    """Holds a task until it is resumed; a running one as soon as the current step allows."""
    return _act("pause", task_id, person, installation, background)


@router.post("/{task_id}/resume", **ACT)
def resume(task_id: TaskId, person: Program, installation: TheInstallation, background: BackgroundTasks) -> Response:
    """Lets a paused task go on."""
    return _act("resume", task_id, person, installation, background)


@router.post("/{task_id}/release", **ACT)
def release(task_id: TaskId, person: Program, installation: TheInstallation, background: BackgroundTasks) -> Response:
    """Lets a task go on that was held after a restore."""
    return _act("release", task_id, person, installation, background)


def _act(name: str, task_id: int, person: Person, installation: Installation, background: BackgroundTasks) -> Response:
    with installation.write(background) as conn:
        perform(conn, installation, name, queries.one(conn, task_id, person), person)
    return answer(_task(installation, person, task_id))


def _task(installation: Installation, person: Person, task_id: int) -> TaskOut:
    with installation.read() as conn:
        return task_out(queries.one(conn, task_id, person))


def _whose(conn: Connection, installation: Installation, person: Person, owner: str) -> int | None:
    """Returns the id of the owner; None for everybody, NOBODY if this person may see none of that owner's."""
    if not owner:
        return View.of(person).owner
    if owner == "me":
        return person.id
    try:
        named = people.by_email(conn, installation.settings, owner).id
    except NotFound:
        return NOBODY
    return named if person.is_admin or named == person.id else NOBODY
