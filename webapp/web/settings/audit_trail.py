"""Settings → Audit: the audit trail, searched by text, person, action and time, and downloaded as a file."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from webapp.accounts import people
from webapp.audit import trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.audit.trail import AuditEntry, Criteria
from webapp.installation import Installation
from webapp.ports.people import Person
from webapp.web.http import csv_response
from webapp.web.http.day_range import DayRange
from webapp.web.http.deps import Admin, TheInstallation
from webapp.web.http.params import RowId, TypedSearch, one_of
from webapp.web.http.render import page, query

router = APIRouter(prefix="/settings/audit", include_in_schema=False)

PAGE, CHUNK = 50, 1_000
HEAD = (
    "Number", "Time (UTC)", "Who", "Action", "Kind", "Id", "Thing", "Owner", "Details", "Network address", "Session",
)  # fmt: skip
CHOICES = sorted(((action.value, action.text) for action in AuditAction), key=lambda choice: choice[1])


class AuditFilter(DayRange):
    """Which entries are looked at; `before` is the id that the previous page ended with."""

    q: TypedSearch = ""
    person: RowId = 0
    action: Annotated[str, one_of(list(AuditAction))] = ""
    before: Annotated[RowId, Field(exclude=True)] = 0

    @property
    def is_set(self) -> bool:
        return any(self.model_dump().values())

    def query(self, **more: object) -> str:
        return query(**{**self.model_dump(), "person": self.person or "", **more})

    def criteria(self, person: Person) -> Criteria:
        """Returns what to search for, with the days of this admin's time zone."""
        since, until = self.span(person)
        return Criteria(search=self.q, person=self.person or None, action=self.action, since=since, until=until)


@router.get("")
def index(
    request: Request, person: Admin, installation: TheInstallation, filter: Annotated[AuditFilter, Query()]
) -> Response:
    """Shows a page of the trail, newest first."""
    with installation.read() as conn:
        entries = trail.listing(conn, filter.criteria(person), before=filter.before or None, limit=PAGE + 1)
        members = people.listing(conn, installation.settings)
    return page(
        request,
        "settings/audit/index.html",
        filter=filter,
        entries=entries[:PAGE],
        people=[(str(one.person.id), one.person.name or one.person.email) for one in members],
        actions=CHOICES,
        older=entries[PAGE - 1].id if len(entries) > PAGE else 0,
        status_message=filter.note,
    )


@router.get("/audit.csv")
def export(person: Admin, installation: TheInstallation, filter: Annotated[AuditFilter, Query()]) -> Response:
    """Sends everything that the filter matches, as CSV."""
    filter.require_whole()
    with installation.write() as conn:
        details = trail.changes({}, {name: value for name, value in filter.model_dump().items() if value})
        trail.record(conn, AuditAction.EXPORT, Target(TargetKind.TRAIL), details)
    return csv_response.download("audit.csv", _lines(installation, filter.criteria(person)))


def _lines(installation: Installation, criteria: Criteria) -> Iterator[str]:
    yield csv_response.lines([HEAD])
    before = None
    while True:
        with installation.read() as conn:
            entries = trail.listing(conn, criteria, before=before, limit=CHUNK)
        if not entries:
            return
        before = entries[-1].id
        yield csv_response.lines([_cells(entry) for entry in entries])


def _cells(entry: AuditEntry) -> tuple[str, ...]:
    fixed = (str(entry.id), f"{entry.at:%Y-%m-%d %H:%M:%S}", entry.who, entry.action, entry.kind, entry.target)
    return (*fixed, entry.subject, entry.target_owner, entry.details, entry.network, entry.session)
