"""What belongs to a task, for programs: the lines of its log, its deliveries, its files."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from pydantic import BeforeValidator, WithJsonSchema

from webapp.clock import now
from webapp.errors import NotFound
from webapp.files import queries as files
from webapp.files.model import File
from webapp.ports.delivery_state import DeliveryState
from webapp.tasks import queries
from webapp.web.api.pagination import DEFAULT_LIMIT, Before, Limit, Page, TaskId, Words, page_of, position_of
from webapp.web.api.schemas import (
    DeliveryOut,
    FileOut,
    LineOut,
    answer,
    delivery_out,
    file_out,
    line_out,
)
from webapp.web.files.pages import note_download
from webapp.web.http.deps import Program, TheInstallation
from webapp.web.http.file_response import attachment, checksum, file_response
from webapp.web.http.params import Text
from webapp.web.http.problem import problem, problems

router = APIRouter(prefix="/api/v1/tasks/{task_id}", tags=["Parts of a task"], responses=problems(401, 404))

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BYTES = {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}


def _delivery_state(given: object) -> DeliveryState | None:
    try:
        return DeliveryState(str(given)) if given else None
    except ValueError:
        raise ValueError(f"A delivery is one of: {', '.join(DeliveryState)}.") from None


StateOfDelivery = Annotated[
    DeliveryState | None,
    BeforeValidator(_delivery_state),
    WithJsonSchema({"type": "string", "enum": ["", *DeliveryState]}),
]


@router.get("/lines", response_model=Page[LineOut], responses=problems(422))
def lines(
    task_id: TaskId, person: Program, installation: TheInstallation, before: Before = "", limit: Limit = DEFAULT_LIMIT
) -> Response:
    """The log of a task, oldest first."""
    position = position_of(before, "lines")
    with installation.read() as conn:
        queries.one(conn, task_id, person)
        rows = queries.lines(conn, task_id, position or 0, limit + 1)
    return answer(page_of(rows, limit, line_out, "lines", lambda line: line.id))


@router.get("/deliveries", response_model=Page[DeliveryOut], responses=problems(422))
def deliveries(
    task_id: TaskId,
    person: Program,
    installation: TheInstallation,
    state: StateOfDelivery = None,
    q: Words = "",
    before: Before = "",
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """The deliveries of a task, by position; `q` looks in the address."""
    position = position_of(before, "deliveries")
    with installation.read() as conn:
        queries.one(conn, task_id, person)
        after = -1 if position is None else position
        rows = queries.deliveries(conn, task_id, state=state, words=q, after=after, limit=limit + 1)
    return answer(page_of(rows, limit, delivery_out, "deliveries", lambda row: row.position))


@router.get("/files", response_model=Page[FileOut], responses=problems(422))
def of_task(
    task_id: TaskId, person: Program, installation: TheInstallation, before: Before = "", limit: Limit = DEFAULT_LIMIT
) -> Response:
    """The files of a task, in the order in which they were made."""
    position = position_of(before, "files")
    with installation.read() as conn:
        task = queries.one(conn, task_id, person)
    rows = [file for file in task.files if position is None or _made(file) > position]
    return answer(page_of(rows, limit, file_out, "files", _made))


@router.get("/files/{file_id}", response_class=FileResponse, responses={200: BYTES, **problems(410, 416)})
def download(
    request: Request, task_id: TaskId, file_id: Text, person: Program, installation: TheInstallation
) -> Response:
    """The bytes of a file, as an attachment; `ETag` is their SHA-256."""
    with installation.read() as conn:
        file = files.one(conn, file_id, person)
    if file.task != task_id:
        raise NotFound("There is no such file.")
    path = installation.store.path(file.storage)
    if file.deleted or file.expires < now() or not path.is_file():
        return problem(request, 410, "This file has been deleted.")
    headers = {**attachment(file.name), **checksum(file.sha256)}
    sent = file_response(request, path, media_type=file.media_type, headers=headers)
    note_download(request, installation, file, person)
    return sent


def _made(file: File) -> int:
    """When, in microseconds: the time that orders the list, exactly."""
    return (file.created - EPOCH) // timedelta(microseconds=1)
