"""The history of notifications: searched by text, channel, person and time, and downloaded as a file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp.installation import Installation
from webapp.kinds.notification.kind import INBOX
from webapp.kinds.notification.kind import KIND as NOTIFICATION
from webapp.ports.channels import BUILT_IN
from webapp.ports.people import Person
from webapp.tasks.views import notification_history
from webapp.tasks.views.notification_history import Criteria, SentNotification, Source
from webapp.web.http import csv_response
from webapp.web.http.deps import SignedIn, TheInstallation
from webapp.web.http.render import page, query

router = APIRouter(prefix="/notifications", include_in_schema=False)

PAGE, CHUNK = 50, 1_000
HEAD = ("Time (UTC)", "Title", "Message", "Sent by", "To", "Where", "State", "Reply", "Tries", "Task")
WRONG_DAY = "Write a day such as 2026-11-03."
SOURCE = Source(kind=NOTIFICATION.name, title="title", message="message", inbox=INBOX, person="person")


@dataclass(frozen=True, kw_only=True)
class HistoryFilter:
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

    def criteria(self, person: Person) -> Criteria:
        """Returns what to search for; days are those of this person's time zone."""
        until = _start_of(self.until, person)
        return Criteria(
            search=self.q,
            channel=self.channel,
            person=int(self.person) if self.person.isdecimal() and len(self.person) < 19 else None,
            since=_start_of(self.since, person),
            until=until + timedelta(days=1) if until else None,
        )


@router.get("")
def index(request: Request, person: SignedIn, installation: TheInstallation) -> Response:
    """Shows a page of the history, newest first."""
    filter, after = _filter(request), _after(request.query_params.get("after", ""))
    with installation.read() as conn:
        rows = notification_history.sent(conn, person, SOURCE, filter.criteria(person), after=after, limit=PAGE + 1)
    notifications = rows[:PAGE]
    return page(
        request,
        "notifications/sent/index.html",
        filter=filter,
        notifications=notifications,
        channels=_channels(installation, person),
        people=[(str(one.id), one.name or one.email) for one in installation.form_context(person).colleagues()],
        next=f"{notifications[-1].task}.{notifications[-1].position}" if len(rows) > PAGE else "",
        is_first=after is None,
    )


@router.get("/notifications.csv")
def export(request: Request, person: SignedIn, installation: TheInstallation) -> Response:
    """Sends everything that the filter matches, as CSV."""
    lines = _lines(installation, person, _filter(request).criteria(person))
    return csv_response.download("notifications.csv", lines)


def _lines(installation: Installation, person: Person, criteria: Criteria) -> Iterator[str]:
    yield csv_response.lines([HEAD])
    channels, after = _channels(installation, person), None
    while True:
        with installation.read() as conn:
            rows = notification_history.sent(conn, person, SOURCE, criteria, after=after, limit=CHUNK)
        if not rows:
            return
        after = (rows[-1].task, rows[-1].position)
        yield csv_response.lines([_cells(row, channels) for row in rows])


def _cells(row: SentNotification, channels: Mapping[str, str]) -> tuple[str, ...]:
    return (
        f"{row.moment:%Y-%m-%d %H:%M:%S}",
        row.title,
        row.message,
        row.sender,
        row.to,
        channels.get(row.channel, ""),
        row.state,
        row.reply,
        str(row.attempts),
        str(row.task),
    )


def _channels(installation: Installation, person: Person) -> dict[str, str]:
    """Returns the names of the channels, by what deliveries call them."""
    channels = {one.id: one.name for one in installation.form_context(person).channels()}
    return {**channels, INBOX: "Inbox", **BUILT_IN}


def _filter(request: Request) -> HistoryFilter:
    names = ("q", "channel", "person", "since", "until")
    given = {name: request.query_params.get(name, "").strip()[:200].replace("\0", "") for name in names}
    errors = {name: WRONG_DAY for name in ("since", "until") if given[name] and _day(given[name]) is None}
    return HistoryFilter(**given, errors=errors)


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
    is_cursor = len(parts) == 2 and all(part.isdecimal() and len(part) < 19 for part in parts)
    return (int(parts[0]), int(parts[1])) if is_cursor else None
