"""Settings → Never write to: the suppression list, with import and export; for admins."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from webapp.audit import trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.connections import suppressions
from webapp.connections.suppressions import Suppression
from webapp.errors import UserError
from webapp.ingest import read_addresses_of
from webapp.installation import Installation
from webapp.mail.recipients import read_addresses
from webapp.ports.people import Person
from webapp.web.http import csv_response, flash
from webapp.web.http.deps import Admin, TheInstallation
from webapp.web.http.formatting import plural
from webapp.web.http.multipart import FormData, Posted
from webapp.web.http.params import PageFilter, Text, TypedSearch, search
from webapp.web.http.render import go, page, query

router = APIRouter(prefix="/settings/never", include_in_schema=False)

HERE = "/settings/never"
PAGE, CHUNK = 50, 1_000
HOW = {"unsubscribed": "unsubscribed", "added": "entered here", "imported": "imported"}
LABELS = {"addresses": "Addresses", "list": "Or a list of them"}


class SuppressionFilter(PageFilter):
    """Which addresses are looked at; `after` is the key that the previous page ended with."""

    q: TypedSearch = ""
    after: Text = ""


@router.get("")
def index(
    request: Request, person: Admin, installation: TheInstallation, filter: Annotated[SuppressionFilter, Query()]
) -> Response:
    """Shows the list, with a search."""
    return _page(request, installation, filter=filter)


@router.post("")
def add(request: Request, person: Admin, installation: TheInstallation, posted: Posted) -> Response:
    """Adds the addresses that were typed and those of the file."""
    typed, errors = posted.one("addresses"), {}
    addresses: list[str] = []
    try:
        addresses = read_addresses(typed)
    except ValueError as error:
        errors["addresses"] = str(error)
    try:
        listed = _of_file(installation, posted)
    except UserError as error:
        listed, errors["list"] = [], error.message
    if not errors and not addresses and not listed:
        errors["addresses"] = "Give an address, or choose a list."
    if errors:
        return _page(request, installation, typed=typed, errors=errors, status=413 if posted.refused else 422)
    return flash.add(go(request, HERE), _enter(installation, person, addresses, listed))


@router.post("/remove")
def remove(request: Request, person: Admin, installation: TheInstallation, posted: Posted) -> Response:
    """Removes an address from the list."""
    key = posted.one("key")
    with installation.write() as conn:
        is_removed = suppressions.remove(conn, key)
        if is_removed:
            trail.record(conn, AuditAction.REMOVE, Target(TargetKind.SUPPRESSION, "", key))
    message = f"{key} may be written to again." if is_removed else f"{key} is not on the list."
    return flash.add(go(request, HERE + query(q=posted.read("q", search))), message)


@router.get("/never-write-to.csv")
def export(person: Admin, installation: TheInstallation) -> Response:
    """Sends the whole list as CSV, as the import reads it."""
    with installation.write() as conn:
        trail.record(conn, AuditAction.EXPORT, Target(TargetKind.SUPPRESSIONS))
    return csv_response.download("never-write-to.csv", _lines(installation))


def _of_file(installation: Installation, posted: FormData) -> list[str]:
    if "list" in posted.refused:
        raise UserError(posted.refused["list"])
    if "list" not in posted.files:
        return []
    upload = posted.files["list"]
    return read_addresses_of(installation.store, upload.name, upload.path)


def _enter(installation: Installation, person: Person, typed: Sequence[str], listed: Sequence[str]) -> str:
    with installation.write() as conn:
        new = suppressions.add(conn, typed, "added", by=person) + suppressions.add(conn, listed, "imported", by=person)
        details = f"{new} new, {len(listed)} from a file: " + ", ".join([*typed, *listed])
        trail.record(conn, AuditAction.ADD, Target(TargetKind.SUPPRESSIONS), details)
    known = len({*typed, *listed}) - new
    message = f"{plural(new, 'address', 'addresses')} added."
    return f"{message} {known:,} {'was' if known == 1 else 'were'} there already." if known > 0 else message


def _page(
    request: Request,
    installation: Installation,
    *,
    filter: SuppressionFilter | None = None,
    typed: str = "",
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    filter = filter or SuppressionFilter()
    with installation.read() as conn:
        rows, number = suppressions.listing(conn, filter.q, filter.after, PAGE + 1), suppressions.number(conn)
    return page(
        request,
        "settings/suppressions.html",
        status=status,
        status_message=flash.read(request).message or filter.note,
        suppressed=rows[:PAGE],
        number=number,
        how=HOW,
        q=filter.q,
        after=filter.after,
        next_after=rows[PAGE - 1].key if len(rows) > PAGE else "",
        typed=typed,
        errors=errors or {},
        labels=LABELS,
        max_mb=installation.settings.max_upload_mb,
    )


def _lines(installation: Installation) -> Iterator[str]:
    yield csv_response.lines([("Address", "How", "Since (UTC)")])
    after = ""
    while True:
        with installation.read() as conn:
            rows = suppressions.listing(conn, after=after, limit=CHUNK)
        if not rows:
            return
        after = rows[-1].key
        yield csv_response.lines([_cells(row) for row in rows])


def _cells(row: Suppression) -> tuple[str, str, str]:
    return (row.address, HOW[row.source], f"{row.at:%Y-%m-%d %H:%M:%S}")
