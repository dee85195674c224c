"""/api/v1/uploads for programs: brings in a table, to be named in a form."""

from typing import Any

from fastapi import APIRouter, Response

from webapp.errors import TooLarge, UserError
from webapp.ports import Table
from webapp.web.api_shapes import UploadOut, answer
from webapp.web.deps import Program, TheHouse
from webapp.web.posted import Posted
from webapp.web.problem import problems

router = APIRouter(prefix="/api/v1/uploads", tags=["Uploads"], responses=problems(401))

FIELD = "file"
MISSING = "Send the table as the field “file” of a multipart form."
ONE_ONLY = "Send one table at a time."
FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [FIELD],
                    "properties": {FIELD: {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


@router.post("", status_code=201, response_model=UploadOut, responses=problems(413, 422), openapi_extra=FORM)
def upload(person: Program, house: TheHouse, posted: Posted) -> Response:
    """Reads and keeps a table (CSV or Excel). Its id goes into the form of a report, as `data`."""
    if FIELD in posted.refused:
        raise TooLarge(posted.refused[FIELD], field=FIELD)
    if FIELD in posted.repeated:
        raise UserError(ONE_ONLY, field=FIELD)
    if FIELD not in posted.files:
        raise UserError(MISSING, field=FIELD)
    came = posted.files[FIELD]
    try:
        table = house.receive_upload(person, came.name, came.path)
    except UserError as refused:
        refused.field = FIELD
        raise
    return answer(_upload_out(table), 201)


def _upload_out(table: Table) -> UploadOut:
    understood = table.understood
    return UploadOut(
        id=table.id,
        name=table.name,
        rows=understood.rows,
        columns=[column.name for column in understood.columns],
        types=[column.type for column in understood.columns],
        notes=list(understood.notes),
    )
