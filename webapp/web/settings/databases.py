"""Settings → Databases: where saved queries read from, and the queries themselves; for admins."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from webapp.accounts import people
from webapp.audit import trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.connections import databases, saved_queries
from webapp.connections.databases import DatabaseRecord
from webapp.connections.saved_queries import SavedQueryRecord
from webapp.errors import Conflict, NotFound, UserError
from webapp.installation import Installation
from webapp.ports.people import Person
from webapp.reports.preview import Preview, peek_apart
from webapp.reports.reading import sql
from webapp.reports.reading.sources import Ref
from webapp.reports.reading.sql import BoundQuery
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


@dataclass(frozen=True, kw_only=True)
class DatabaseForm:
    """A database as it is typed in; its URL is never shown again. `address`: the stored one, without password."""

    id: int = 0
    typed: dict[str, str] = field(default_factory=lambda: {"name": "", "url": "", "seconds": "30"})
    errors: dict[str, str] = field(default_factory=dict)
    address: str = ""


@router.get("")
def index(request: Request, person: Admin, installation: TheInstallation, source: RowId = 0) -> Response:
    """Shows the databases and the saved queries; `source` is the one that is being changed."""
    with installation.read() as conn:
        known = next((one for one in databases.listing(conn) if one.id == source), None)
    if known is None:
        return _index(request, installation, DatabaseForm())
    typed = {"name": known.name, "url": "", "seconds": str(known.seconds)}
    return _index(request, installation, DatabaseForm(id=known.id, typed=typed, address=known.address))


@router.post("")
def save_source(request: Request, person: Admin, installation: TheInstallation, posted: Posted) -> Response:
    """Tests the connection, then saves it."""
    typed = {name: posted.one(name) for name in LABELS}
    source_id = posted.read("id", row_id)
    try:
        values = databases.read_entry(**typed, data_dir=installation.data_dir, is_new=not source_id)
        if "url" in values:
            sql.first_column_apart(BoundQuery(url=str(values["url"]), text="SELECT 1", values={}, seconds=10))
        with installation.write() as conn:
            before = next((one for one in databases.listing(conn) if one.id == source_id), None)
            source_id = databases.save(conn, installation.secrets, source_id, values)
            _record_source(conn, before, next(one for one in databases.listing(conn) if one.id == source_id), values)
    except UserError as error:
        errors = {error.field if error.field in LABELS else "url": error.message}
        refused = DatabaseForm(id=source_id, typed=typed | {"url": ""}, errors=errors)
        return _index(request, installation, refused, status=422)
    return flash.add(go(request, HERE), f"“{values['name']}” is connected.")


@router.post("/{source_id:id}/remove")
def remove_source(request: Request, source_id: int, person: Admin, installation: TheInstallation) -> Response:
    """Removes a database; refused while a saved query uses it."""
    try:
        with installation.write() as conn:
            name = next((one.name for one in databases.listing(conn) if one.id == source_id), "")
            databases.remove(conn, source_id)
            trail.record(conn, AuditAction.REMOVE, Target(TargetKind.DATABASE, source_id, name))
    except Conflict as error:
        return flash.add(go(request, HERE), error.message)
    return flash.add(go(request, HERE), "It is removed.")


@router.get("/queries/new")
def new_query(request: Request, person: Admin, installation: TheInstallation) -> Response:
    """Shows the form of a new saved query."""
    return _query(request, installation, query_form.QueryForm())


@router.get("/queries/{query_id:id}")
def show_query(request: Request, query_id: int, person: Admin, installation: TheInstallation) -> Response:
    """Shows one saved query."""
    with installation.read() as conn:
        query = saved_queries.one(conn, query_id)
    return _query(request, installation, query_form.of(query))


@router.post("/queries")
def save_query(request: Request, person: Admin, installation: TheInstallation, posted: Posted) -> Response:
    """Runs the query, then saves it; or adds or removes a line of its values."""
    form = query_form.typed(posted)
    intent = posted.one("intent")
    if changed := query_form.press(form, intent):
        return _query(request, installation, changed)
    try:
        preview, query = _tried(installation, person, query_form.read(form))
        if intent == "try":
            with installation.write() as conn:
                trail.record(conn, AuditAction.TEST, Target(TargetKind.QUERY, query.id or "", query.name), query.text)
            return _query(request, installation, form, preview=preview)
        with installation.write() as conn:
            before = saved_queries.one(conn, query.id) if query.id else None
            query_id = saved_queries.save(conn, query)
            _record_query(conn, before, saved_queries.one(conn, query_id))
    except NotFound:
        raise
    except UserError as error:
        refused = replace(form, errors={error.field or "text": error.message})
        return _query(request, installation, refused, status=422)
    return flash.add(go(request, HERE), f"“{query.name}” is kept.")


@router.post("/queries/{query_id:id}/remove")
def remove_query(request: Request, query_id: int, person: Admin, installation: TheInstallation) -> Response:
    """Removes a saved query; files that were made with it stay."""
    with installation.write() as conn:
        known = saved_queries.one(conn, query_id)
        saved_queries.remove(conn, query_id)
        trail.record(conn, AuditAction.REMOVE, Target(TargetKind.QUERY, query_id, known.name))
    return flash.add(go(request, HERE), f"“{known.name}” is removed.")


def _record_source(
    conn: Connection, before: DatabaseRecord | None, after: DatabaseRecord, values: Mapping[str, object]
) -> None:
    action = AuditAction.CHANGE if before else AuditAction.ADD
    details = trail.changes(asdict(before) if before else {}, asdict(after))
    if "url" in values:  # it may differ in its password only, which is never shown
        details = f"{details}\nurl: {trail.MASK}"
    trail.record(conn, action, Target(TargetKind.DATABASE, after.id, after.name), details.strip())


def _record_query(conn: Connection, before: SavedQueryRecord | None, after: SavedQueryRecord) -> None:
    action = AuditAction.CHANGE if before else AuditAction.ADD
    details = trail.changes(asdict(before) if before else {}, asdict(after))
    trail.record(conn, action, Target(TargetKind.QUERY, after.id, after.name), details)


def _tried(installation: Installation, person: Person, query: SavedQueryRecord) -> tuple[Preview, SavedQueryRecord]:
    """Returns the first rows, with the default values, and the query with the columns that it found."""
    optional = [replace(one, optional=True) for one in query.parameters]
    bound = installation.databases.bind(person, replace(query, parameters=optional), {}, TRIED)
    with TemporaryDirectory() as folder:
        target = Path(folder) / "rows"
        schema = sql.fetch_apart(bound, target)
        return peek_apart(Ref(typed=target), Plan()), replace(query, columns=schema.columns)


def _index(request: Request, installation: Installation, form: DatabaseForm, *, status: int = 200) -> Response:
    with installation.read() as conn:
        known, saved = databases.listing(conn), saved_queries.listing(conn)
    return page(
        request,
        "settings/databases/index.html",
        status=status,
        status_message=flash.read(request).message,
        sources=known,
        queries=saved,
        names={one.id: one.name for one in known},
        form=form,
        labels=LABELS,
    )


def _query(
    request: Request,
    installation: Installation,
    form: query_form.QueryForm,
    *,
    status: int = 200,
    preview: Preview | None = None,
) -> Response:
    with installation.read() as conn:
        known, saved = databases.listing(conn), saved_queries.listing(conn)
        staff = people.listing(conn, installation.settings)
    return page(
        request,
        "settings/databases/query.html",
        status=status,
        form=form,
        preview=preview,
        labels=query_form.LABELS,
        types=query_form.TYPES,
        source_options=[("", "Choose"), *((one.id, one.name) for one in known)],
        staff=[(one.person.id, one.person.name or one.person.email) for one in staff if not one.person.is_admin],
        query_options=[("", "those written here"), *((one.id, one.name) for one in saved if one.id != form.id)],
    )
