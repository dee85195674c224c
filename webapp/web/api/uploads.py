"""/api/v1/uploads for programs: brings in a table, or a file to be attached, to be named in a form."""

from pathlib import PurePath
from typing import Any

from fastapi import APIRouter, Response

from webapp import ingest
from webapp.audit import trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.errors import Busy, TooLarge, UserError
from webapp.installation import Installation
from webapp.ports.people import Person
from webapp.ports.tables import Table
from webapp.web.api.schemas import UploadOut, answer
from webapp.web.http.deps import Program, TheInstallation
from webapp.web.http.multipart import Posted
from webapp.web.http.problem import problems

router = APIRouter(prefix="/api/v1/uploads", tags=["Uploads"], responses=problems(401))

FIELD = "file"
MISSING = "Send the file as the field “file” of a multipart form."
TABLES = {
    ".csv",
    ".tsv",
    ".txt",
    ".xlsx",
    ".xlsm",
    ".xlsb",
    ".xls",
    ".ods",
    ".parquet",
    ".jsonl",
    ".ndjson",
}  # endings of what must be a table
FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [FIELD],
                    "properties": {
                        FIELD: {"type": "string", "format": "binary"},
                        "use": {"type": "string", "enum": ["", "attachment"]},
                    },
                }
            }
        },
    }
}


@router.post("", status_code=201, response_model=UploadOut, responses=problems(413, 422, 503), openapi_extra=FORM)
def upload(person: Program, installation: TheInstallation, posted: Posted) -> Response:
    """Reads and keeps a table (CSV or Excel). Its id goes into a form: `data` of a report, `recipients` of an email.

    A file of another type, or any with `use=attachment`, is kept as it is, for `attachments`; `rows` is then null.
    """
    if FIELD in posted.refused:
        raise TooLarge(posted.refused[FIELD], field=FIELD)
    if FIELD not in posted.files:
        raise UserError(MISSING, field=FIELD)
    came = posted.files[FIELD]
    if posted.one("use") != "attachment":
        try:
            table = ingest.receive(installation, person, came.name, came.path)
            _record(installation, person, table.id, table.name)
            return answer(_upload_out(table), 201)
        except Busy:
            raise
        except UserError as refused:
            if PurePath(came.name).suffix.lower() in TABLES or not came.size:
                refused.field = FIELD
                raise
    attached = ingest.receive_attachment(installation, person, came.name, came.path)
    _record(installation, person, attached.id, attached.name)
    return answer(UploadOut(id=attached.id, name=attached.name, rows=None, columns=[], types=[], notes=[]), 201)


def _record(installation: Installation, person: Person, upload_id: str, name: str) -> None:
    with installation.write() as conn:
        trail.record(conn, AuditAction.UPLOAD, Target(TargetKind.UPLOAD, upload_id, name, person.id))


def _upload_out(table: Table) -> UploadOut:
    schema = table.schema
    return UploadOut(
        id=table.id,
        name=table.name,
        rows=schema.rows,
        columns=[column.name for column in schema.columns],
        types=[column.type for column in schema.columns],
        notes=list(schema.notes),
    )
