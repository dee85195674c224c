"""Saved lists of recipients: made from a file, brought up to date from another, downloaded, removed."""

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from webapp import ingest
from webapp.errors import NotFound, UserError
from webapp.files import saved_tables
from webapp.files.saved_tables import SavedTable
from webapp.ingest import update_list
from webapp.installation import Installation
from webapp.kinds.email.recipients import require_column
from webapp.mail.list_update import Updated
from webapp.ports.names import read_name
from webapp.ports.people import Person
from webapp.web.http import flash
from webapp.web.http.deps import SignedIn, TheInstallation
from webapp.web.http.formatting import plural
from webapp.web.http.multipart import FormData, Posted, Upload
from webapp.web.http.render import go, page

router = APIRouter(prefix="/lists", include_in_schema=False)

HERE = "/lists"
CHOOSE = "Choose a file."
NAMED = 5  # rows
LABELS = {"name": "Name", "file": "File"}


@router.get("")
def index(request: Request, person: SignedIn, installation: TheInstallation) -> Response:
    """A person's own lists."""
    return _page(request, installation, person)


@router.post("")
def add(request: Request, person: SignedIn, installation: TheInstallation, posted: Posted) -> Response:
    """A new list from a file."""
    try:
        name = read_name(posted.one("name"))
        table = _received(installation, person, posted)
        with installation.write() as conn:
            saved_tables.add(conn, person, name, table)
    except UserError as error:
        return _refused(
            request, installation, person, posted, error, {"name" if error.field == "name" else "file": error.words}
        )
    return flash.say(go(request, HERE), f"The list “{name}” is kept.")


@router.get("/{list_id:id}")
def show(request: Request, list_id: int, person: SignedIn, installation: TheInstallation) -> Response:
    """One list, and the form that brings it up to date."""
    return _page(request, installation, person, chosen=_one(installation, person, list_id))


@router.post("/{list_id:id}")
def update(request: Request, list_id: int, person: SignedIn, installation: TheInstallation, posted: Posted) -> Response:
    """Those who are known change, the others are added; who is not in the file goes only where that is ticked."""
    known = _one(installation, person, list_id)
    try:
        came = _file(posted)
        only_new = bool(posted.one("only_new"))
        updated, upload_id = update_list(installation, person, known.table, came.name, came.path, only_new=only_new)
    except UserError as error:
        return _refused(request, installation, person, posted, error, {"file": error.words}, known)
    with installation.write() as conn:
        saved_tables.replace(conn, list_id, upload_id)
    return flash.say(go(request, f"{HERE}/{list_id}"), _what_was_done(updated))


@router.post("/{list_id:id}/remove")
def remove(request: Request, list_id: int, person: SignedIn, installation: TheInstallation) -> Response:
    """Only the name goes: tasks still show to whom they went."""
    known = _one(installation, person, list_id)
    with installation.write() as conn:
        saved_tables.remove(conn, list_id)
    return flash.say(go(request, HERE), f"The list “{known.name}” is removed.")


@router.get("/{list_id:id}/download")
def download(list_id: int, person: SignedIn, installation: TheInstallation) -> Response:
    """The list as it came, or as the last update left it."""
    table = _one(installation, person, list_id).table
    media_type = "application/octet-stream"
    return FileResponse(table.path, media_type=media_type, filename=table.name, content_disposition_type="attachment")


def _what_was_done(updated: Updated) -> str:
    added = plural(updated.added, "person", "people")
    words = f"{added} added, {updated.changed:,} changed, {updated.removed:,} removed."
    if not updated.refused:
        return words
    more = f" and {len(updated.refused) - NAMED:,} more" if len(updated.refused) > NAMED else ""
    return f"{words} Without a valid address, so left out: {'; '.join(updated.refused[:NAMED])}{more}."


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
    """The id of the upload; UserError where it holds no addresses."""
    came = _file(posted)
    table = ingest.receive(installation, person, came.name, came.path)
    require_column([column.name for column in table.understood.columns], "")
    return table.id


def _refused(
    request: Request,
    installation: Installation,
    person: Person,
    posted: FormData,
    error: UserError,
    errors: dict[str, str],
    chosen: SavedTable | None = None,
) -> Response:
    if isinstance(error, NotFound):
        raise error
    status = 413 if posted.refused else 422
    return _page(request, installation, person, chosen=chosen, typed=posted.one("name"), errors=errors, status=status)


def _page(
    request: Request,
    installation: Installation,
    person: Person,
    *,
    chosen: SavedTable | None = None,
    typed: str = "",
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    with installation.read() as conn:
        known = saved_tables.listing(conn, installation.store, person)
    return page(
        request,
        "email/lists/show.html" if chosen else "email/lists/index.html",
        status=status,
        said=flash.said(request).words,
        lists=known,
        chosen=chosen,
        typed=typed,
        errors=errors or {},
        labels=LABELS,
        max_mb=installation.settings.max_upload_mb,
    )
