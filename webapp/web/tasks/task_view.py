"""What the page of one task shows: its course, its recipients, its results and what was entered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi.responses import RedirectResponse, Response
from pydantic import BeforeValidator, Field
from sqlalchemy import Connection

from webapp.accounts import people
from webapp.clock import now
from webapp.db.connect import current_version
from webapp.errors import NotFound
from webapp.installation import Installation
from webapp.kinds import KINDS
from webapp.ports.delivery_state import RESULTS, DeliveryResult, find_result
from webapp.ports.form_context import FormContext
from webapp.ports.people import Person
from webapp.ports.values import digits
from webapp.tasks import queries
from webapp.tasks.holds import HoldAction
from webapp.tasks.model import DeliveryRow, Line, State, Task
from webapp.web.forms.reading import extra_of, label_of, options_of
from webapp.web.http import flash
from webapp.web.http.params import PageFilter, Text, TypedSearch
from webapp.web.http.render import query
from webapp.web.tasks.row_view import Row

STATE_LINE = "state"  # the id of what takes the focus on a task's page
PAGE = 50  # recipients
GONE = "A file that is not here any more"
LONGEST_POSITION = 9  # digits, as long as an integer of a database
LINES = 200  # of the log; the rest is on disk and open to programs


def _position(given: object) -> int:
    number = -1 if given in ("", -1) else digits(str(given), LONGEST_POSITION)
    if number is None:
        raise ValueError("This is not a position in this list.")
    return number


def _result(given: object) -> DeliveryResult | None:
    found = find_result(str(given)) if given else None
    if given and found is None:
        raise ValueError("This is none of the choices.")
    return found


class RecipientFilter(PageFilter):
    """Which recipients the page shows; `after` is the position that the previous page ended with."""

    result: Annotated[DeliveryResult | None, BeforeValidator(_result), Field(alias="to_state")] = None
    q: TypedSearch = ""
    after: Annotated[int, BeforeValidator(_position)] = -1

    def query(self, **other: object) -> str:
        values = {"to_state": self.result, "q": self.q, "after": "" if self.after < 0 else str(self.after)}
        return query(**{**values, **other})


class RecipientPoll(RecipientFilter):
    """What a poll of the live part asks."""

    seen: Text = ""


@dataclass(frozen=True, kw_only=True)
class TaskView:
    """One task as its page draws it."""

    row: Row
    timeline: Sequence[Line]
    lines: Sequence[Line]
    recipients: Sequence[DeliveryRow]
    next_after: int | None
    filter: RecipientFilter
    entered: Sequence[tuple[str, str]]
    version: int
    moment: datetime

    @property
    def task(self) -> Task:
        return self.row.task

    @property
    def path(self) -> str:
        return f"/tasks/{self.task.id}"

    @property
    def here(self) -> str:
        return self.path + self.filter.query()

    @property
    def poll(self) -> str:
        """The address at which the live part asks for news."""
        return f"{self.path}/live" + self.filter.query(seen=self.seen)

    @property
    def seen(self) -> str:
        undo = self.task.undo_until
        return (
            f"{self.version}-{int(undo.timestamp()) + 1}"
            if undo and self.task.can_undo(self.moment)
            else str(self.version)
        )

    @property
    def counts(self) -> list[tuple[DeliveryResult | None, str, int]]:
        """Result, text and number of recipients; they add up to all of them."""
        counts, missing = self.task.counts, self.task.not_prepared
        known: list[tuple[DeliveryResult | None, str, int]] = [
            (result, result.text, counts[result]) for result in RESULTS if counts.get(result)
        ]
        return [*known, (None, "not yet prepared", missing)] if missing else known

    @property
    def total(self) -> int:
        return sum(number for _, _, number in self.counts)

    @property
    def has_recipients(self) -> bool:
        kind = KINDS.get(self.task.kind)
        is_read = kind is not None and kind.expand is not None and not kind.in_child  # others have theirs at once
        return bool(self.counts) or (is_read and not self.task.state.has_ended)

    @property
    def asks_about_unknown(self) -> bool:
        return self.task.state.has_ended and self.task.unknown_count > 0

    @property
    def is_held_here(self) -> bool:
        """True if the task is held and its row leaves the buttons to this page."""
        return self.task.state is State.HELD and not self.row.offers_hold_action

    @property
    def hold_action(self) -> HoldAction | None:
        """The action with which the viewer may let a held task continue."""
        return self.task.hold.action if self.task.hold and self.row.can_end_hold else None


def read_task(
    conn: Connection,
    installation: Installation,
    person: Person,
    task_id: int,
    filter: RecipientFilter,
    *,
    note: str = "",
    focus: str = "",
) -> TaskView:
    """Returns the task at this moment, with a note beside it and the id of what takes the focus.

    Raises NotFound if this person may not know of it.
    """
    version, moment = current_version(conn), now()
    task = queries.one(conn, task_id, person)
    rows = queries.deliveries(conn, task_id, result=filter.result, words=filter.q, after=filter.after, limit=PAGE + 1)
    return TaskView(
        row=Row(task=task, moment=moment, viewer=person, note=note, focus=focus),
        timeline=queries.timeline(conn, task_id),
        lines=queries.last_lines(conn, [task_id], LINES).get(task_id, []),
        recipients=rows[:PAGE],
        next_after=rows[PAGE - 1].position if len(rows) > PAGE else None,
        filter=filter,
        entered=entered(installation, task),
        version=version,
        moment=moment,
    )


def go_back(back: str, focus: str, task_id: int, message: str) -> Response:
    """Returns the way back to the page of a press (without JavaScript), where `message` stands beside the task."""
    answer = RedirectResponse(f"{back}#{focus}", 303)
    return flash.add(answer, message, task_id) if message else answer


def entered(installation: Installation, task: Task) -> list[tuple[str, str]]:
    """Returns label and value of each field that was filled in."""
    kind = KINDS.get(task.kind)
    fields = kind.form.model_fields if kind else {}
    return [
        (label_of(name, fields.get(name)), _text(installation, task, fields.get(name), value))
        for name, value in task.form.items()
        if value not in ("", [], {}, None, False) and not _is_untouched(fields.get(name), value)
    ]


def _is_untouched(info: Any, value: Any) -> bool:
    """Returns True for a field that no form shows and that has its default."""
    return info is not None and extra_of(info).get("widget") == "hidden" and value == info.default


def _text(installation: Installation, task: Task, info: Any, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    widget = extra_of(info).get("widget")
    if widget == "files":
        return "\n".join(_file_name(installation, task, str(one)) for one in value)
    if widget == "lines":
        return "\n".join(_line(extra_of(info), one) for one in value) if isinstance(value, list) else _pairs(value)
    if isinstance(value, list):
        choices = dict(options_of(info)) if info else {}
        return "\n".join(choices.get(str(one), str(one)) for one in value)
    if widget in ("data", "list"):
        return _data(installation, task, info, str(value))
    return dict(options_of(info)).get(str(value), str(value)) if info else str(value)


def _line(extra: Mapping[str, Any], line: Mapping[str, str]) -> str:
    """“Region is North”: the values of a line, with the labels of its choices."""
    labels = {value: label for name in ("tests", "hows", "orders") for value, label in extra.get(name, {}).items()}
    return " ".join(labels.get(value, value) for value in line.values() if value)


def _pairs(value: Mapping[str, str]) -> str:
    return "\n".join(f"{name}: {one}" for name, one in value.items())


def _owners_view(installation: Installation, task: Task) -> FormContext:
    with installation.read() as conn:
        return installation.form_context(people.by_id(conn, installation.settings, task.owner))


def _file_name(installation: Installation, task: Task, file_id: str) -> str:
    try:
        return _owners_view(installation, task).attachment(file_id).name
    except NotFound:
        return GONE


def _data(installation: Installation, task: Task, info: Any, value: str) -> str:
    samples: Mapping[str, str] = extra_of(info).get("samples", {})
    if value in samples:
        return samples[value]
    try:
        return _owners_view(installation, task).table(value).name
    except NotFound:
        return GONE
