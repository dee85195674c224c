"""Settings → Never write to: who unsubscribed and whom admins entered; import and export."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from webapp.accounts import audit
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
    """The list, with a search."""
    return _page(request, installation, filter=filter)


@router.post("")
def add(request: Request, person: Admin, installation: TheInstallation, posted: Posted) -> Response:
    """Enters what was typed, and what the file holds."""
    typed, errors = posted.one("addresses"), {}
    found: list[str] = []
    try:
        found = read_addresses(typed)
    except ValueError as error:
        errors["addresses"] = str(error)
    try:
        listed = _of_file(installation, posted)
    except UserError as error:
        listed, errors["list"] = [], error.words
    if not errors and not found and not listed:
        errors["addresses"] = "Give an address, or choose a list."
    if errors:
        return _page(request, installation, typed=typed, errors=errors, status=413 if posted.refused else 422)
    return flash.say(go(request, HERE), _enter(installation, person, found, listed))


@router.post("/remove")
def remove(request: Request, person: Admin, installation: TheInstallation, posted: Posted) -> Response:
    """Somebody may be written to again."""
    key = posted.one("key")
    with installation.write() as conn:
        is_gone = suppressions.remove(conn, key)
        if is_gone:
            audit.record(conn, person, "took off the never-write list", key)
    words = f"{key} may be written to again." if is_gone else f"{key} is not on the list."
    return flash.say(go(request, HERE + query(q=posted.read("q", search))), words)


@router.get("/never-write-to.csv")
def export(person: Admin, installation: TheInstallation) -> Response:
    """All of it, in a shape that the import takes."""
    return csv_response.download("never-write-to.csv", _lines(installation))


def _of_file(installation: Installation, posted: FormData) -> list[str]:
    if "list" in posted.refused:
        raise UserError(posted.refused["list"])
    if "list" not in posted.files:
        return []
    came = posted.files["list"]
    return read_addresses_of(installation.store, came.name, came.path)


def _enter(installation: Installation, person: Person, typed: Sequence[str], listed: Sequence[str]) -> str:
    with installation.write() as conn:
        new = suppressions.add(conn, typed, "added", by=person) + suppressions.add(conn, listed, "imported", by=person)
        audit.record(conn, person, "added to the never-write list", ", ".join(typed), f"{new} new")
    known = len({*typed, *listed}) - new
    words = f"{plural(new, 'address', 'addresses')} added."
    return f"{words} {known:,} {'was' if known == 1 else 'were'} there already." if known > 0 else words


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
        found, number = suppressions.listing(conn, filter.q, filter.after, PAGE + 1), suppressions.number(conn)
    return page(
        request,
        "settings/suppressions.html",
        status=status,
        said=flash.said(request).words or filter.note,
        unwanted=found[:PAGE],
        number=number,
        how=HOW,
        q=filter.q,
        after=filter.after,
        next_after=found[PAGE - 1].key if len(found) > PAGE else "",
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
            found = suppressions.listing(conn, after=after, limit=CHUNK)
        if not found:
            return
        after = found[-1].key
        yield csv_response.lines([_cells(one) for one in found], guarded=False)


def _cells(one: Suppression) -> tuple[str, str, str]:
    return (one.address, HOW[one.source], f"{one.at:%Y-%m-%d %H:%M:%S}")
