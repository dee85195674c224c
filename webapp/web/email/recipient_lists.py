"""Saved lists of recipients: made from a file, updated from another one, downloaded, removed."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp import ingest
from webapp.audit import trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.errors import NotFound, UserError
from webapp.files import saved_tables
from webapp.files.saved_tables import SavedTable
from webapp.ingest import update_list
from webapp.installation import Installation
from webapp.kinds.email.recipients import require_column
from webapp.mail.list_update import Updated
from webapp.ports.names import read_name
from webapp.ports.people import Person
from webapp.web.forms.refusal import Refusal
from webapp.web.http import flash
from webapp.web.http.deps import SignedIn, TheInstallation
from webapp.web.http.file_response import attachment, file_response, record_sending
from webapp.web.http.formatting import plural
from webapp.web.http.multipart import FormData, Posted, Upload
from webapp.web.http.render import go, page

router = APIRouter(prefix="/lists", include_in_schema=False)

HERE = "/lists"
CHOOSE = "Choose a file."
NAMED = 5  # rows that the message after an update names
LABELS = {"name": "Name", "file": "File"}


@router.get("")
def index(request: Request, person: SignedIn, installation: TheInstallation) -> Response:
    """Shows a person's own lists."""
    return _page(request, installation, person)


@router.post("")
def add(request: Request, person: SignedIn, installation: TheInstallation, posted: Posted) -> Response:
    """Makes a new list from a file."""
    try:
        name = read_name(posted.one("name"))
        upload_id = _received(installation, person, posted)
        with installation.write() as conn:
            list_id = saved_tables.add(conn, person, name, upload_id)
            trail.record(conn, AuditAction.ADD, Target(TargetKind.LIST, list_id, name, person.id))
    except NotFound:
        raise
    except UserError as error:
        errors = {"name" if error.field == "name" else "file": error.message}
        return _page(request, installation, person, refusal=Refusal.of(posted, errors))
    return flash.add(go(request, HERE), f"The list “{name}” is kept.")


@router.get("/{list_id:id}")
def show(request: Request, list_id: int, person: SignedIn, installation: TheInstallation) -> Response:
    """Shows one list, and the form that updates it."""
    return _page(request, installation, person, _one(installation, person, list_id))


@router.post("/{list_id:id}")
def update(request: Request, list_id: int, person: SignedIn, installation: TheInstallation, posted: Posted) -> Response:
    """Updates a list: known addresses change, the others are added; `only_new` removes those not in the file."""
    known = _one(installation, person, list_id)
    try:
        upload, only_new = _file(posted), bool(posted.one("only_new"))
        updated, upload_id = update_list(installation, person, known.table, upload.name, upload.path, only_new=only_new)
    except NotFound:
        raise
    except UserError as error:
        refusal = Refusal.of(posted, {"file": error.message})
        return _page(request, installation, person, known, refusal)
    with installation.write() as conn:
        saved_tables.replace(conn, list_id, upload_id)
        trail.record(conn, AuditAction.CHANGE, _target(known, person), _summary(updated))
    return flash.add(go(request, f"{HERE}/{list_id}"), _summary(updated))


@router.post("/{list_id:id}/remove")
def remove(request: Request, list_id: int, person: SignedIn, installation: TheInstallation) -> Response:
    """Removes the name of a list; tasks still show their recipients."""
    known = _one(installation, person, list_id)
    with installation.write() as conn:
        saved_tables.remove(conn, list_id)
        trail.record(conn, AuditAction.REMOVE, _target(known, person))
    return flash.add(go(request, HERE), f"The list “{known.name}” is removed.")


@router.get("/{list_id:id}/download")
def download(request: Request, list_id: int, person: SignedIn, installation: TheInstallation) -> Response:
    """Sends the file as it was uploaded, or as the last update left it."""
    known = _one(installation, person, list_id)
    sent = file_response(request, known.table.path, headers=attachment(known.table.name))
    record_sending(request, installation, AuditAction.DOWNLOAD, _target(known, person))
    return sent


def _target(known: SavedTable, person: Person) -> Target:
    return Target(TargetKind.LIST, known.id, known.name, person.id)


def _summary(updated: Updated) -> str:
    added = plural(updated.added, "person", "people")
    message = f"{added} added, {updated.changed:,} changed, {updated.removed:,} removed."
    if not updated.refused:
        return message
    more = f" and {len(updated.refused) - NAMED:,} more" if len(updated.refused) > NAMED else ""
    return f"{message} Without a valid address, so left out: {'; '.join(updated.refused[:NAMED])}{more}."


def _one(installation: Installation, person: Person, list_id: int) -> SavedTable:
    with installation.read() as conn:
        return saved_tables.one(conn, installation.store, person, list_id)


def _file(posted: FormData) -> Upload:
    if "file" in posted.refused:
        raise UserError(posted.refused["file"], field="file")
    if "file" not in posted.files:
        raise UserError(CHOOSE, field="file")
    return posted.files["file"]


def _received(installation: Installation, person: Person, posted: FormData) -> str:
    """Stores the file and returns the id of the upload; raises UserError if it has no addresses."""
    upload = _file(posted)
    table = ingest.receive(installation, person, upload.name, upload.path)
    require_column([column.name for column in table.schema.columns], "")
    return table.id


def _page(
    request: Request,
    installation: Installation,
    person: Person,
    chosen: SavedTable | None = None,
    refusal: Refusal | None = None,
) -> Response:
    with installation.read() as conn:
        known = saved_tables.listing(conn, installation.store, person)
    return page(
        request,
        "email/lists/show.html" if chosen else "email/lists/index.html",
        status=refusal.status if refusal else 200,
        status_message=flash.read(request).message,
        lists=known,
        chosen=chosen,
        typed=refusal.typed.get("name", "") if refusal else "",
        errors=refusal.errors if refusal else {},
        labels=LABELS,
        max_mb=installation.settings.max_upload_mb,
    )
