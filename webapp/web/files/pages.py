"""The files that tasks made: list, download, delete."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp.audit import trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.clock import now
from webapp.errors import NotFound
from webapp.files import queries
from webapp.files.model import File
from webapp.installation import Installation
from webapp.ports.people import Person
from webapp.reports.preview import Preview
from webapp.web.http import flash
from webapp.web.http.deps import SignedIn, TheInstallation
from webapp.web.http.file_response import attachment, checksum, file_response, is_beginning, record_sending
from webapp.web.http.params import Text
from webapp.web.http.render import go, page

router = APIRouter(prefix="/files", include_in_schema=False)

PAGE = 50
PDF = "application/pdf"


@router.get("")
def index(request: Request, person: SignedIn, installation: TheInstallation, before: Text = "") -> Response:
    """Shows the files that are there, newest first."""
    last = _file(installation, person, before) if before else None
    with installation.read() as conn:
        files = queries.newest(conn, person, PAGE + 1, last.created if last else None)
        owners = queries.owners(conn, [file for file, _ in files])
    return page(
        request,
        "files/index.html",
        files=files[:PAGE],
        owners=owners,
        older=files[PAGE - 1][0].id if len(files) > PAGE else "",
        before=last,
        status_message=flash.read(request).message,
    )


@router.get("/{file_id}")
def show(request: Request, file_id: Text, person: SignedIn, installation: TheInstallation) -> Response:
    """Shows the page of a file: who downloaded it, and its first rows or its pages."""
    file = _file(installation, person, file_id)
    if _is_gone(installation, file):
        return _gone(request, file)
    with installation.read() as conn:
        preview = queries.preview(conn, file_id)
        downloads, owners = queries.downloads(conn, file_id), queries.owners(conn, [file])
    return page(
        request,
        "files/show.html",
        file=file,
        preview=Preview(**preview) if preview else None,
        pdf=PDF,
        downloads=downloads,
        owner=owners[file.owner],
    )


@router.get("/{file_id}/view")
def view(request: Request, file_id: Text, person: SignedIn, installation: TheInstallation) -> Response:
    """Shows the pages of a PDF that a report made, within its page; everything else can only be downloaded."""
    file = _file(installation, person, file_id)
    if file.media_type != PDF or _is_gone(installation, file):
        raise NotFound("There is no such file.")
    headers = {
        "Content-Disposition": "inline",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'",
        **checksum(file.sha256),
    }
    sent = file_response(request, installation.store.path(file.storage), media_type=PDF, headers=headers)
    record_sending(request, installation, AuditAction.VIEW, _target(file))
    return sent


@router.get("/{file_id}/download")
def download(request: Request, file_id: Text, person: SignedIn, installation: TheInstallation) -> Response:
    """Returns the file as an attachment; a page if it was deleted."""
    file = _file(installation, person, file_id)
    if _is_gone(installation, file):
        return _gone(request, file)
    headers = {**attachment(file.name), **checksum(file.sha256)}
    path = installation.store.path(file.storage)
    sent = file_response(request, path, media_type=file.media_type, headers=headers)
    note_download(request, installation, file, person)
    return sent


def note_download(request: Request, installation: Installation, file: File, person: Person) -> None:
    """Records who downloaded it; a download that continues where it broke off is the same one."""
    if is_beginning(request):
        with installation.write() as conn:
            queries.downloaded(conn, file.id, person)
    record_sending(request, installation, AuditAction.DOWNLOAD, _target(file))


def _target(file: File) -> Target:
    return Target(TargetKind.FILE, file.id, file.name, file.owner)


def _is_gone(installation: Installation, file: File) -> bool:
    return bool(file.deleted) or file.expires < now() or not installation.store.path(file.storage).is_file()


@router.get("/{file_id}/delete")
def ask(request: Request, file_id: Text, person: SignedIn, installation: TheInstallation) -> Response:
    """Asks before a file is deleted."""
    return page(request, "files/delete.html", file=_file(installation, person, file_id))


@router.post("/{file_id}/delete")
def delete(request: Request, file_id: Text, person: SignedIn, installation: TheInstallation) -> Response:
    """Deletes it and moves the focus to the next row."""
    with installation.read() as conn:
        ids = [file.id for file, _ in queries.newest(conn, person, 1_000)]
    file = _file(installation, person, file_id)
    if file.deleted is None:
        with installation.write() as conn:
            queries.forget(conn, file)
            trail.record(conn, AuditAction.REMOVE, _target(file))
        installation.store.remove(file.storage)
    after = ids[ids.index(file.id) + 1 :][:1] if file.id in ids else []
    answer = go(request, f"/files#row-{after[0]}" if after else "/files")
    return flash.add(answer, f"{file.name} is deleted.")


def _file(installation: Installation, person: Person, file_id: str) -> File:
    with installation.read() as conn:
        return queries.one(conn, file_id, person)


def _gone(request: Request, file: File) -> Response:
    """Returns the page that says when it was deleted, and after how many days if its time had come (else 0)."""
    deleted = min(file.deleted or file.expires, now())
    days = (file.expires - file.created).days if deleted >= file.expires else 0
    return page(request, "files/gone.html", status=410, file=file, deleted=deleted, days=days)
