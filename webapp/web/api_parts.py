"""What belongs to a task, and uploads, for programs: lines, deliveries, files."""

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel

from webapp.db.types import now
from webapp.errors import NotFound, TooLarge, UserError
from webapp.files import queries as files
from webapp.tasks import queries
from webapp.web.api_shapes import (
    DeliveryOut,
    FileOut,
    LineOut,
    Page,
    cursor_of,
    delivery_out,
    file_out,
    limit_of,
    line_out,
    page_of,
)
from webapp.web.deps import Id, Program, TheHouse
from webapp.web.files import attachment
from webapp.web.posted import Posted
from webapp.web.problem import problem, problems

router = APIRouter(prefix="/api/v1", tags=["Tasks"], responses=problems(401, 404))

UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


class UploadOut(BaseModel):
    """An uploaded table; its id goes into a form, and so do the names of its columns."""

    id: str
    name: str
    rows: int
    columns: list[str]
    types: list[str]
    notes: list[str]


@router.get("/tasks/{task_id}/lines")
def lines(request: Request, task_id: Id, person: Program, house: TheHouse, before: str = "", limit: int = 50) -> Page[
    LineOut
]:  # fmt: skip
    """The log of a task, oldest first."""
    most = limit_of(request)
    with house.read() as conn:
        queries.one(conn, task_id, person)
        found = queries.lines(conn, task_id, cursor_of(request) or 0, most + 1)
    return page_of(found, most, line_out, lambda line: line.id)


@router.get("/tasks/{task_id}/deliveries")
def deliveries(
    request: Request,
    task_id: Id,
    person: Program,
    house: TheHouse,
    state: str = "",
    q: str = "",
    before: str = "",
    limit: int = 50,
) -> Page[DeliveryOut]:
    """The deliveries of a task, by position."""
    most, after = limit_of(request), cursor_of(request)
    with house.read() as conn:
        queries.one(conn, task_id, person)
        found = queries.deliveries(conn, task_id, state, q, -1 if after is None else after, most + 1)
    return page_of(found, most, delivery_out, lambda row: row.position)


@router.get("/tasks/{task_id}/files")
def task_files(task_id: Id, person: Program, house: TheHouse) -> Page[FileOut]:
    """The files of a task, in the order in which they were made; all at once, for a task makes few."""
    with house.read() as conn:
        task = queries.one(conn, task_id, person)
    return Page(items=[file_out(file) for file in task.files], next=None)


@router.get("/tasks/{task_id}/files/{file_id}", response_class=FileResponse, responses=problems(410))
def download(request: Request, task_id: Id, file_id: str, person: Program, house: TheHouse) -> Response:
    """The bytes of a file."""
    with house.read() as conn:
        file = files.one(conn, file_id, person)
    if file.task != task_id:
        raise NotFound("There is no such file.")
    path = house.store.path(file.storage)
    if file.deleted or file.expires < now() or not path.is_file():
        return problem(request, 410, "This file has been deleted.")
    headers = {"Content-Disposition": attachment(file.name), "ETag": f'"{file.sha256}"'}
    return FileResponse(path, media_type=file.media_type, headers=headers)


@router.post("/uploads", status_code=201, responses=problems(413, 422), openapi_extra=UPLOAD)
def upload(person: Program, house: TheHouse, posted: Posted) -> UploadOut:
    """Reads and keeps a table (CSV or Excel)."""
    if posted.refused:
        raise TooLarge(next(iter(posted.refused.values())), field="file")
    if "file" not in posted.files:
        raise UserError("Send the table as the field “file” of a multipart form.", field="file")
    came = posted.files["file"]
    try:
        table = house.receive_upload(person, came.name, came.path)
    except UserError as refused:
        refused.field = "file"
        raise
    understood = table.understood
    return UploadOut(
        id=table.id,
        name=table.name,
        rows=understood.rows,
        columns=[column.name for column in understood.columns],
        types=[column.type for column in understood.columns],
        notes=list(understood.notes),
    )
