"""Which notifications went where: searched by text, channel, person and time, and taken along as a file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp.installation import Installation
from webapp.kinds.notification.kind import INBOX
from webapp.ports.channels import BUILT_IN
from webapp.ports.people import Person
from webapp.tasks.views import notification_history
from webapp.tasks.views.notification_history import Told, Wanted
from webapp.web.http import csv_response
from webapp.web.http.deps import SignedIn, TheInstallation
from webapp.web.http.render import page, query

router = APIRouter(prefix="/notifications", include_in_schema=False)

PAGE, CHUNK = 50, 1_000
HEAD = ("Time (UTC)", "Title", "Message", "Sent by", "To", "Where", "State", "Reply", "Tries", "Task")
WRONG_DAY = "Write a day such as 2026-11-03."


@dataclass(frozen=True)
class Asked:
    """The filter as it stands in the address of the page."""

    q: str = ""
    channel: str = ""
    person: str = ""
    since: str = ""
    until: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_set(self) -> bool:
        return bool(self.q or self.channel or self.person or self.since or self.until)

    def query(self, **more: object) -> str:
        names = ("q", "channel", "person", "since", "until")
        return query(**{name: getattr(self, name) for name in names}, **more)

    def wanted(self, person: Person) -> Wanted:
        """Days are those of the person's clock."""
        number = int(self.person) if self.person.isdecimal() and len(self.person) < 19 else None
        until = _start_of(self.until, person)
        return Wanted(
            words=self.q,
            channel=self.channel,
            person=number,
            since=_start_of(self.since, person),
            until=until + timedelta(days=1) if until else None,
        )


@router.get("")
def index(request: Request, person: SignedIn, installation: TheInstallation) -> Response:
    """A page of them, the newest first."""
    asked, after = _asked(request), _after(request.query_params.get("after", ""))
    with installation.read() as conn:
        found = notification_history.told(conn, person, asked.wanted(person), after, PAGE + 1)
    shown = found[:PAGE]
    form_context = installation.form_context(person)
    return page(
        request,
        "notifications/sent/index.html",
        asked=asked,
        told=shown,
        places=_places(installation, person),
        people=[(str(one.id), one.name or one.email) for one in form_context.colleagues()],
        next=f"{shown[-1].task}.{shown[-1].position}" if len(found) > PAGE else "",
        is_first=after is None,
    )


@router.get("/notifications.csv")
def export(request: Request, person: SignedIn, installation: TheInstallation) -> Response:
    """All that the filter finds."""
    return csv_response.download("notifications.csv", _lines(installation, person, _asked(request).wanted(person)))


def _lines(installation: Installation, person: Person, wanted: Wanted) -> Iterator[str]:
    yield csv_response.lines([HEAD])
    places, after = _places(installation, person), None
    while True:
        with installation.read() as conn:
            found = notification_history.told(conn, person, wanted, after, CHUNK)
        if not found:
            return
        after = (found[-1].task, found[-1].position)
        yield csv_response.lines([_cells(one, places) for one in found])


def _cells(one: Told, places: Mapping[str, str]) -> tuple[str, ...]:
    moment = f"{one.moment:%Y-%m-%d %H:%M:%S}"
    where = places.get(one.channel, "")
    return (
        moment, one.title, one.message, one.sender, one.to, where, one.state, one.reply, str(one.attempts),
        str(one.task),
    )  # fmt: skip


def _places(installation: Installation, person: Person) -> dict[str, str]:
    """What deliveries call each place, and its name."""
    channels = {one.id: one.name for one in installation.form_context(person).channels()}
    return {**channels, INBOX: "Inbox", **BUILT_IN}


def _asked(request: Request) -> Asked:
    given = {name: request.query_params.get(name, "").strip()[:200].replace("\0", "") for name in Asked.__annotations__}
    errors = {name: WRONG_DAY for name in ("since", "until") if given[name] and _day(given[name]) is None}
    return Asked(**{**given, "errors": errors})  # type: ignore[arg-type]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _start_of(text: str, person: Person) -> datetime | None:
    day = _day(text)
    # The first and the last day of the calendar have no day beyond them.
    if day is None or not 1900 <= day.year <= 9000:
        return None
    return datetime.combine(day, time(), person.zone).astimezone(UTC)


def _after(text: str) -> tuple[int, int] | None:
    parts = text.split(".")
    is_place = len(parts) == 2 and all(part.isdecimal() and len(part) < 19 for part in parts)
    return (int(parts[0]), int(parts[1])) if is_place else None
