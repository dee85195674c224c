"""The history of notifications: searched by text, channel, person and time, and downloaded as a file."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import AfterValidator, Field

from webapp.audit import trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.installation import Installation
from webapp.kinds.notification.kind import INBOX
from webapp.kinds.notification.kind import KIND as NOTIFICATION
from webapp.ports.channels import BUILT_IN
from webapp.ports.people import Person
from webapp.tasks.views import notification_history
from webapp.tasks.views.notification_history import Criteria, SentNotification, Source
from webapp.web.http import csv_response
from webapp.web.http.day_range import DayRange
from webapp.web.http.deps import SignedIn, TheInstallation
from webapp.web.http.params import RowId, Text, TypedSearch
from webapp.web.http.render import page, query

router = APIRouter(prefix="/notifications", include_in_schema=False)

PAGE, CHUNK = 50, 1_000
_PLACE = re.compile(r"[0-9]{1,18}\.[0-9]{1,9}")  # a task and a position in it
HEAD = ("Time (UTC)", "Title", "Message", "Sent by", "To", "Where", "State", "Reply", "Tries", "Task")
SOURCE = Source(kind=NOTIFICATION.name, title="title", message="message", inbox=INBOX, person="person")


def _place(text: str) -> str:
    if text and _PLACE.fullmatch(text) is None:
        raise ValueError("This is not a place in this list.")
    return text


class SentFilter(DayRange):
    """Which notifications are looked at; `after` is where the previous page ended: a task and a position in it."""

    q: TypedSearch = ""
    channel: Text = ""
    person: RowId = 0
    after: Annotated[str, AfterValidator(_place), Field(exclude=True)] = ""

    @property
    def is_set(self) -> bool:
        return any(self.model_dump().values())

    @property
    def last(self) -> tuple[int, int] | None:
        """Task and position of the last that is known."""
        task, _, position = self.after.partition(".")
        return (int(task), int(position)) if task else None

    def query(self, **more: object) -> str:
        return query(**{**self.model_dump(), **more})

    def criteria(self, person: Person) -> Criteria:
        """Returns what to search for; days are those of this person's time zone."""
        since, until = self.span(person)
        return Criteria(
            search=self.q,
            channel=self.channel,
            person=self.person or None,
            since=since,
            until=until,
        )


@router.get("")
def index(
    request: Request, person: SignedIn, installation: TheInstallation, filter: Annotated[SentFilter, Query()]
) -> Response:
    """Shows a page of the history, newest first."""
    with installation.read() as conn:
        rows = notification_history.sent(
            conn, person, SOURCE, filter.criteria(person), after=filter.last, limit=PAGE + 1
        )
    notifications = rows[:PAGE]
    return page(
        request,
        "notifications/sent/index.html",
        filter=filter,
        notifications=notifications,
        channels=_channels(installation, person),
        people=[(str(one.id), one.name or one.email) for one in installation.form_context(person).colleagues()],
        next=f"{notifications[-1].task}.{notifications[-1].position}" if len(rows) > PAGE else "",
        is_first=not filter.after,
        status_message=filter.note,
    )


@router.get("/notifications.csv")
def export(person: SignedIn, installation: TheInstallation, filter: Annotated[SentFilter, Query()]) -> Response:
    """Sends everything that the filter matches, as CSV."""
    filter.require_whole()
    with installation.write() as conn:
        target = Target(TargetKind.NOTIFICATIONS)
        trail.record(conn, AuditAction.EXPORT, target, trail.changes({}, filter.model_dump()))
    return csv_response.download("notifications.csv", _lines(installation, person, filter.criteria(person)))


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
