"""The task log as one person sees it: which tasks, in what order, and the address under which it asks for news."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field
from sqlalchemy import Connection

from webapp.clock import now
from webapp.db.connect import current_version
from webapp.ports.people import Person
from webapp.ports.values import digits
from webapp.tasks import inbox, queries
from webapp.tasks.inbox import Bell
from webapp.tasks.model import State, Task
from webapp.tasks.queries import View
from webapp.tasks.views.recipient_search import Answer, answers
from webapp.web.http.flash import Flash
from webapp.web.http.params import PageFilter, RowId, Text, TypedSearch, one_of
from webapp.web.http.render import query
from webapp.web.tasks.row_view import Row

PAGE = 50  # rows; a morph of them costs 2 to 5 ms
SHORTEST = 3  # letters of a search that looks for recipients
STATES = {state.value: (state,) for state in State}
CHIPS = {"": "All", "running": "Running", "attention": "Needs attention", "failed": "Failed"}
MORE_CHIPS = {"waiting": "Waiting", "held": "Held", "done": "Done", "cancelled": "Cancelled"}


class Filter(PageFilter):
    """The part of the log that the address of a page names."""

    state: Annotated[str, one_of(STATES)] = ""
    kind: Text = ""
    q: TypedSearch = ""
    owner: RowId = 0
    before: RowId = 0
    cause: Text = ""

    def view(self, person: Person) -> View:
        """Returns those that this person may see."""
        owner = (self.owner or None) if person.is_admin else person.id
        return View(owner, states=STATES.get(self.state, ()), kind=self.kind, words=self.q, cause=self.cause)

    @property
    def is_narrow(self) -> bool:
        """Whether anything but time narrows it."""
        return bool(self.state or self.kind or self.q or self.owner or self.cause)

    def query(self, **other: object) -> str:
        """Returns the part of an address after the path; `other` changes single values."""
        return query(**{**self.model_dump(), **other})

    def without_page(self) -> Self:
        return self.model_copy(update={"before": 0})


class HomeFilter(Filter):
    first: Annotated[Text, Field(exclude=True)] = ""  # set: straight from the set-up


class Poll(Filter):
    """The query of a poll of the log: the page that it is on, the version that it has, the search that is typed."""

    on: Annotated[Text, Field(exclude=True)] = ""
    seen: Annotated[Text, Field(exclude=True)] = ""
    search: Annotated[Text, Field(exclude=True)] = ""


@dataclass(frozen=True, kw_only=True)
class Chip:
    """One of the filters by state; `count` is None for all."""

    label: str
    href: str
    is_on: bool
    count: int | None


@dataclass(frozen=True, kw_only=True)
class Log:
    """What templates/tasks/_log.html draws."""

    path: str  # of the page that it stands on
    filter: Filter
    rows: list[Row]
    totals: Mapping[State, int]
    need_you: int
    bell: Bell
    is_active: bool
    version: int
    moment: datetime
    older: int  # the id that the page ended with, where more follows
    answers: Sequence[Answer] = ()  # recipients that the search found

    @property
    def stale_at(self) -> int:
        """The second (since 1970) at which a row changes although nothing in the database does; 0: none."""
        ends = [row.task.undo_until for row in self.rows if row.task.undo_until and row.task.can_undo(self.moment)]
        return int(min(ends).timestamp()) + 1 if ends else 0

    @property
    def seen(self) -> str:
        """The value with which a poll says what the reader has seen."""
        return f"{self.version}-{self.stale_at}" if self.stale_at else str(self.version)

    @property
    def poll(self) -> str:
        """What follows `seen` in the address of the poller."""
        values = self.filter.query(on="" if self.path == "/" else self.path)
        return "&" + values[1:] if values else ""

    @property
    def here(self) -> str:
        """The address of the page, for the way back after a press."""
        return self.path + self.filter.query()

    @property
    def count(self) -> int:
        """How many tasks there are, without the limit of a page."""
        state = self.filter.state
        return self.totals.get(State(state), 0) if state else sum(self.totals.values())

    @property
    def chips(self) -> list[Chip]:
        labels = CHIPS if self.path == "/" else CHIPS | MORE_CHIPS
        return [
            Chip(
                label=label,
                href=self.path + self.filter.query(state=value, before=0),
                is_on=self.filter.state == value,
                count=self.totals.get(State(value), 0) if value else None,
            )
            for value, label in labels.items()
        ]


def read(
    conn: Connection, person: Person, path: str, filter: Filter, *, note: Flash | None = None, focus: str = ""
) -> Log:
    """Returns the log at this moment; `note` stands beside its task, `focus` is the id of what takes the focus."""
    version = current_version(conn)  # before the rows: a change in between is then shown once more, never missed
    moment, view, beside = now(), filter.view(person), note or Flash()
    newest = queries.recent(conn, view, PAGE + 1, filter.before or None)
    tasks = newest[:PAGE]
    lines = queries.last_lines(conn, [task.id for task in tasks])
    return Log(
        path=path,
        filter=filter,
        rows=[
            Row(
                task=task,
                moment=moment,
                viewer=person,
                lines=lines.get(task.id, ()),
                note=beside.beside(task.id),
                focus=focus,
            )
            for task in tasks
        ],
        totals=queries.totals(conn, replace(view, states=())),
        need_you=queries.need_you(conn, person),
        bell=inbox.bell(conn, person),
        is_active=any(task.is_active for task in tasks) or queries.is_anything_active(conn, view),
        version=version,
        moment=moment,
        older=tasks[-1].id if len(newest) > PAGE else 0,
        answers=answers(conn, person, filter.q) if path == "/tasks" and len(filter.q) >= SHORTEST else (),
    )


def is_unchanged(seen: str, version: int, moment: datetime) -> bool:
    """Returns True if a reader who has `seen` this would see the same again."""
    number, _, stale_at = seen.partition("-")
    stale = digits(stale_at)
    return number == str(version) and not (stale is not None and stale <= moment.timestamp())


def focus_after(task: Task, moment: datetime, person: Person, action: str, *, refused: bool) -> str:
    """Returns the id of what takes the focus after this action: the button that follows it, else the row."""
    row = Row(task=task, moment=moment, viewer=person)
    button = f"{row.id}-{'cancel' if refused else 'again'}"
    return button if action == "undo" and button in {one.id for one in row.actions} else row.id
