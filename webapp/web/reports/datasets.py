"""The data of reports: how an upload was read, corrections of it, a name for it, and a new file under that name."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp.audit import trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.errors import NotFound, UserError
from webapp.files import saved_tables, uploads
from webapp.files.saved_tables import DATA, SavedTable
from webapp.ingest import receive, reread
from webapp.installation import Installation
from webapp.ports.names import read_name
from webapp.ports.people import Person
from webapp.ports.tables import Table
from webapp.ports.values import row_id
from webapp.reports.reading.overrides import TYPES, ParseOverrides
from webapp.web.forms.controls import SHOWN_COLUMNS
from webapp.web.forms.refusal import Refusal
from webapp.web.http import flash
from webapp.web.http.deps import SignedIn, TheInstallation
from webapp.web.http.file_response import attachment, file_response, record_sending
from webapp.web.http.multipart import FormData, Posted
from webapp.web.http.params import Text
from webapp.web.http.render import go, page

router = APIRouter(prefix="/data", include_in_schema=False)

HERE = "/data"
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "tab": "tabs", "|": "bars"}
CHOOSE = "Choose a file."
LABELS = {"name": "Name", "file": "New file", "data": "Columns"}


@router.get("")
def index(request: Request, person: SignedIn, installation: TheInstallation) -> Response:
    """Shows a person's own data: those with a name, and the newest uploads."""
    form_context = installation.form_context(person)
    kept = form_context.saved_data()
    known = {table.id for _, _, table in kept}
    newest = [table for table in form_context.tables() if table.id not in known]
    message = flash.read(request).message
    return page(request, "reports/data/index.html", kept=kept, newest=newest, status_message=message)


@router.get("/{data_id}")
def show(request: Request, data_id: Text, person: SignedIn, installation: TheInstallation) -> Response:
    """Shows how one upload was read, and the forms that correct, name and replace it."""
    return _page(request, installation, person, data_id)


@router.get("/{data_id}/download")
def download(request: Request, data_id: Text, person: SignedIn, installation: TheInstallation) -> Response:
    """Sends the file as it was uploaded."""
    table = installation.form_context(person).table(data_id)
    sent = file_response(request, table.path, headers=attachment(table.name))
    record_sending(request, installation, AuditAction.DOWNLOAD, Target(TargetKind.DATA, data_id, table.name, person.id))
    return sent


@router.post("/{data_id}")
def change(
    request: Request, data_id: Text, person: SignedIn, installation: TheInstallation, posted: Posted
) -> Response:
    """Reads it again, names it, replaces it or removes its name, by the button that was pressed."""
    actions = {"reread": _reread, "keep": _keep, "replace": _replace, "remove": _remove}
    action = actions.get(posted.one("intent"), _reread)
    try:
        path, message = action(installation, person, data_id, posted)
    except NotFound:
        raise
    except UserError as error:
        field = "name" if action is _keep else "file" if action is _replace else "data"
        return _page(request, installation, person, data_id, Refusal.of(posted, {field: error.message}))
    return flash.add(go(request, path), message)


def _reread(installation: Installation, person: Person, data_id: str, posted: FormData) -> tuple[str, str]:
    table = installation.form_context(person).table(data_id)
    sheet = posted.one("sheet") if len(table.schema.sheets) > 1 else ""
    types = {} if sheet and sheet != table.schema.sheet else _types(posted)
    new = reread(installation, person, table, ParseOverrides(sheet, types))
    return _put(installation, person, data_id, new.id), "It was read as you said."


def _types(posted: FormData) -> dict[str, str]:
    chosen = zip(posted.all("column"), posted.all("type"), strict=False)
    return {column: kind for column, kind in chosen if kind in TYPES}


def _keep(installation: Installation, person: Person, data_id: str, posted: FormData) -> tuple[str, str]:
    table = installation.form_context(person).table(data_id)
    name = read_name(posted.one("name") or table.name.rpartition(".")[0])
    with installation.write() as conn:
        list_id = saved_tables.add(conn, person, name, table.id, DATA)
        trail.record(conn, AuditAction.ADD, Target(TargetKind.DATA, list_id, name, person.id))
    return f"{HERE}/{uploads.SAVED}{list_id}", f"Kept as “{name}”."


def _replace(installation: Installation, person: Person, data_id: str, posted: FormData) -> tuple[str, str]:
    known = _saved(installation, person, data_id)
    if known is None:
        raise NotFound("This is not kept under a name.")
    if "file" in posted.refused:
        raise UserError(posted.refused["file"])
    if "file" not in posted.files:
        raise UserError(CHOOSE)
    upload = posted.files["file"]
    types = {one.name: one.wished for one in known.table.schema.columns if one.wished}
    new = receive(installation, person, upload.name, upload.path, ParseOverrides(types=types))
    missing = [one.name for one in known.table.schema.columns if one.name not in _names(new)]
    message = f"“{known.name}” holds {upload.name} from now on: {new.schema.rows:,} rows."
    if missing:
        message += f" Columns that are gone: {', '.join(missing[:10])}."
    return _put(installation, person, data_id, new.id), message


def _remove(installation: Installation, person: Person, data_id: str, posted: FormData) -> tuple[str, str]:
    known = _saved(installation, person, data_id)
    if known is None:
        raise NotFound("This is not kept under a name.")
    with installation.write() as conn:
        saved_tables.remove(conn, known.id)
        trail.record(conn, AuditAction.REMOVE, Target(TargetKind.DATA, known.id, known.name, person.id))
    return HERE, f"“{known.name}” is not kept any more. Files that were made of it stay."


def _put(installation: Installation, person: Person, data_id: str, upload_id: str) -> str:
    """Puts the new upload under the name of the old one, if it has one; returns the path of its page."""
    known = _saved(installation, person, data_id)
    with installation.write() as conn:
        if known:
            saved_tables.replace(conn, known.id, upload_id)
        target = Target(TargetKind.DATA, known.id if known else upload_id, known.name if known else "", person.id)
        trail.record(conn, AuditAction.CHANGE, target, f"now {upload_id}")
    if known is None:
        return f"{HERE}/{upload_id}"
    return f"{HERE}/{data_id}"


def _names(table: Table) -> set[str]:
    return {column.name for column in table.schema.columns}


def _saved(installation: Installation, person: Person, data_id: str) -> SavedTable | None:
    number = row_id(data_id, uploads.SAVED)
    if not number:
        return None
    with installation.read() as conn:
        return saved_tables.one(conn, installation.store, person, number, DATA)


def _page(
    request: Request, installation: Installation, person: Person, data_id: str, refusal: Refusal | None = None
) -> Response:
    table, saved = installation.form_context(person).table(data_id), _saved(installation, person, data_id)
    return page(
        request,
        "reports/data/show.html",
        status=refusal.status if refusal else 200,
        status_message=flash.read(request).message,
        table=table,
        columns=table.schema.columns[:SHOWN_COLUMNS],
        data_id=data_id,
        saved=saved,
        typed=refusal.typed.get("name", "") if refusal else "",
        sheet_options=[(name, name) for name in table.schema.sheets],
        types=[(name, label) for name, (label, _) in TYPES.items()],
        errors=refusal.errors if refusal else {},
        labels=LABELS,
        delimiters=DELIMITERS,
        max_mb=installation.settings.max_upload_mb,
    )
