"""Settings → Databases: where saved queries read from, and the queries themselves; for admins."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp.accounts import audit, people
from webapp.connections import databases, saved_queries
from webapp.connections.saved_queries import SavedQueryRecord
from webapp.errors import Conflict, NotFound, UserError
from webapp.installation import Installation
from webapp.ports.people import Person
from webapp.reports.preview import Preview, peek_apart
from webapp.reports.reading import sql
from webapp.reports.reading.sources import Ref
from webapp.reports.shaping.plan import Plan
from webapp.web.http import flash
from webapp.web.http.deps import Admin, TheInstallation
from webapp.web.http.multipart import Posted
from webapp.web.http.params import RowId, row_id
from webapp.web.http.render import go, page
from webapp.web.settings import query_form

router = APIRouter(prefix="/settings/databases", include_in_schema=False)

HERE = "/settings/databases"
LABELS = {"name": "Name", "url": "Address", "seconds": "Seconds that a query may take"}
TRIED = 1_000  # rows that a trial reads


@dataclass(frozen=True)
class DatabaseForm:
    """A database as it is typed in; its address is never shown again."""

    id: int = 0
    typed: dict[str, str] = field(default_factory=lambda: {"name": "", "url": "", "seconds": "30"})
    errors: dict[str, str] = field(default_factory=dict)
    shown: str = ""


@router.get("")
def index(request: Request, person: Admin, installation: TheInstallation, source: RowId = 0) -> Response:
    """The databases and the saved queries; `source` is the one that is being changed."""
    with installation.read() as conn:
        found = next((one for one in databases.listing(conn) if one.id == source), None)
    typed = {"name": found.name, "url": "", "seconds": str(found.seconds)} if found else None
    return _index(
        request, installation, DatabaseForm(found.id, typed or {}, {}, found.shown) if found else DatabaseForm()
    )


@router.post("")
def save_source(request: Request, person: Admin, installation: TheInstallation, posted: Posted) -> Response:
    """Tries the connection, then keeps it."""
    typed = {name: posted.one(name) for name in LABELS}
    source_id = posted.read("id", row_id)
    try:
        values = databases.read_entry(
            typed["name"], typed["url"], typed["seconds"], installation.data_dir, is_new=not source_id
        )
        if "url" in values:
            sql.first_column_apart(sql.Asked(str(values["url"]), "SELECT 1", {}, 10))
        with installation.write() as conn:
            source_id = databases.save(conn, installation.secrets, source_id, values)
            audit.record(conn, person, "saved the database", str(values["name"]), str(values.get("shown", "")))
    except UserError as error:
        beside = error.field if error.field in LABELS else "url"
        return _index(
            request, installation, DatabaseForm(source_id, typed | {"url": ""}, {beside or "url": error.words}), 422
        )
    return flash.say(go(request, HERE), f"“{values['name']}” is connected.")


@router.post("/{source_id:id}/remove")
def remove_source(request: Request, source_id: int, person: Admin, installation: TheInstallation) -> Response:
    """Refused while a saved query uses it."""
    try:
        with installation.write() as conn:
            databases.remove(conn, source_id)
            audit.record(conn, person, "removed the database", str(source_id))
    except Conflict as error:
        return flash.say(go(request, HERE), error.words)
    return flash.say(go(request, HERE), "It is removed.")


@router.get("/queries/new")
def new_query(request: Request, person: Admin, installation: TheInstallation) -> Response:
    """The form of a new saved query."""
    return _query(request, installation, query_form.QueryForm())


@router.get("/queries/{query_id:id}")
def show_query(request: Request, query_id: int, person: Admin, installation: TheInstallation) -> Response:
    """One saved query."""
    with installation.read() as conn:
        return _query(request, installation, query_form.of(saved_queries.one(conn, query_id)))


@router.post("/queries")
def save_query(request: Request, person: Admin, installation: TheInstallation, posted: Posted) -> Response:
    """Tries it, and keeps it; or adds or takes away a line of its values."""
    entry = query_form.typed(posted)
    intent = posted.one("intent")
    if changed := query_form.press(entry, intent):
        return _query(request, installation, changed)
    try:
        query = query_form.read(entry)
        peek, query = _tried(installation, person, query)
        if intent == "try":
            return _query(request, installation, entry, peek=peek)
        with installation.write() as conn:
            saved_queries.save(conn, query)
            audit.record(conn, person, "saved the query", query.name)
    except NotFound:
        raise
    except UserError as error:
        return _query(request, installation, replace(entry, errors={error.field or "text": error.words}), 422)
    return flash.say(go(request, HERE), f"“{query.name}” is kept.")


@router.post("/queries/{query_id:id}/remove")
def remove_query(request: Request, query_id: int, person: Admin, installation: TheInstallation) -> Response:
    """Files that were made with it stay."""
    with installation.write() as conn:
        known = saved_queries.one(conn, query_id)
        saved_queries.remove(conn, query_id)
        audit.record(conn, person, "removed the query", known.name)
    return flash.say(go(request, HERE), f"“{known.name}” is removed.")


def _tried(installation: Installation, person: Person, query: SavedQueryRecord) -> tuple[Preview, SavedQueryRecord]:
    """Its first rows, and itself with the columns that it found; values are those that a form begins with."""
    begun = [replace(one, optional=True) for one in query.parameters]
    asked = installation.databases.asked(person, replace(query, parameters=begun), {}, TRIED)
    with TemporaryDirectory() as folder:
        target = Path(folder) / "rows"
        read = sql.fetch_apart(asked, target)
        return peek_apart(Ref(typed=target), Plan()), replace(query, columns=read.columns)


def _index(request: Request, installation: Installation, entry: DatabaseForm, status: int = 200) -> Response:
    with installation.read() as conn:
        known, saved = databases.listing(conn), saved_queries.listing(conn)
    names = {one.id: one.name for one in known}
    more: dict[str, Any] = {"sources": known, "queries": saved, "names": names, "entry": entry, "labels": LABELS}
    return page(request, "settings/databases/index.html", status=status, said=flash.said(request).words, **more)


def _query(
    request: Request,
    installation: Installation,
    entry: query_form.QueryForm,
    status: int = 200,
    peek: Preview | None = None,
) -> Response:
    with installation.read() as conn:
        known, staff, saved = (
            databases.listing(conn),
            people.listing(conn, installation.settings),
            saved_queries.listing(conn),
        )
    return page(
        request,
        "settings/databases/query.html",
        status=status,
        entry=entry,
        peek=peek,
        labels=query_form.LABELS,
        types=query_form.TYPES,
        source_options=[("", "Choose"), *((one.id, one.name) for one in known)],
        staff=[(one.person.id, one.person.name or one.person.email) for one in staff if not one.person.is_admin],
        query_options=[("", "those written here"), *((one.id, one.name) for one in saved if one.id != entry.id)],
    )
