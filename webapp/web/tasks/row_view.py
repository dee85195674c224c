"""One task as a row of the log shows it: its course, and the actions that make sense now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from webapp.kinds import KINDS
from webapp.ports.people import Person
from webapp.tasks.cancellation import StopRequest
from webapp.tasks.holds import HoldReason
from webapp.tasks.model import Line, State, Task
from webapp.web.http import formatting

SURE_AFTER = timedelta(seconds=5)  # before that, a guess at the time left is worth nothing
SHOWN_FROM = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Action:
    """An action on a task: a link leads to a page; a button acts at once, or asks first."""

    label: str
    url: str
    id: str
    is_link: bool = False
    asks: bool = False


@dataclass(frozen=True, kw_only=True)
class Row:
    """A task as `viewer` sees it at `moment`; `note` answers a press of theirs."""

    task: Task
    moment: datetime
    viewer: Person
    lines: Sequence[Line] = ()
    note: str = ""
    focus: str = ""  # the id of the element that takes the focus

    @cached_property
    def actions(self) -> Sequence[Action]:
        return _actions(self)

    @property
    def id(self) -> str:
        return f"task-{self.task.id}"

    @property
    def can_undo(self) -> bool:
        return self.task.can_undo(self.moment)

    @property
    def goes_at(self) -> datetime | None:
        """The time at which a waiting task starts; None if it may start now."""
        if self.task.state is State.WAITING and self.task.not_before > self.moment:
            return self.task.not_before
        return None

    @property
    def aside(self) -> str:
        """The text beside the state."""
        if self.task.is_stopping:
            return "stopping…" if self.task.requested is StopRequest.CANCEL else "pausing…"
        if self.task.hold_reason is HoldReason.PAUSED:
            return f"paused by {self.task.requested_by}" if self.task.requested_by else "paused"
        return ""

    @property
    def when(self) -> datetime:
        """The time of the end, else of the beginning, else of the press that started it."""
        task = self.task
        if task.state.has_ended:
            return task.finished or task.created
        return task.started if task.state is State.RUNNING and task.started else task.created

    @property
    def duration(self) -> str:
        """How long it ran; empty while it has not ended and below one second."""
        task = self.task
        if task.state is State.CANCELLED or not (task.state.has_ended and task.started and task.finished):
            return ""
        span = task.finished - task.started
        return formatting.lasting(span) if span >= SHOWN_FROM else ""

    @property
    def summary(self) -> str:
        """One line on its course or its result."""
        task = self.task
        if task.state is State.WAITING:
            return "You can still take it back." if task.can_undo(self.moment) else _waiting_summary(self)
        if task.state is State.RUNNING:
            return task.progress.words or "Working on it."
        if task.hold:
            return task.hold.sentence if task.hold.needs_look else task.progress.words or task.hold.sentence
        return task.outcome

    @property
    def can_end_hold(self) -> bool:
        """True if the task is held and its viewer may let it continue."""
        return self.task.hold is not None and self.task.hold.may_end(self.viewer, self.task.owner)

    @property
    def offers_hold_action(self) -> bool:
        """True if the row itself has the button that lets the held task continue."""
        return self.can_end_hold and self.task.hold is not None and not self.task.hold.needs_look

    @property
    def time_left(self) -> str:
        return time_left(self.task, self.moment)

    @property
    def spoken_progress(self) -> str:
        """What a screen reader reads of the bar."""
        progress = self.task.progress
        if progress.words and any(sign.isdigit() for sign in progress.words):
            return progress.words
        return f"{progress.done:,} of {progress.total or 0:,}"


def time_left(task: Task, moment: datetime) -> str:
    """Returns a text such as “about 2 minutes left”; empty if it would only be a guess."""
    progress = task.progress
    if task.state is not State.RUNNING or task.is_stopping or not task.started or not progress.total:
        return ""
    passed = moment - task.started
    if passed < SURE_AFTER or not 0 < progress.done < progress.total:
        return ""
    left = passed.total_seconds() / progress.done * (progress.total - progress.done)
    return f"{formatting.about(left)} left"


def _actions(row: Row) -> list[Action]:
    """What makes sense now, the most likely first."""
    task = row.task
    match task.state:
        case State.WAITING if row.can_undo:
            return [_button(task, "undo", "Undo")]
        case State.WAITING:
            return [_cancel(task)]
        case State.RUNNING:
            return _of_running(task)
        case State.HELD:
            return _of_held(row)
        case State.ATTENTION:
            return _of_attention(task)
        case State.FAILED:
            return _of_failed(task)
    label = "Change and send again" if task.was_undone else "Run again"
    return [_link(task, "again", label, _filled(task))]


def _of_held(row: Row) -> list[Action]:
    task = row.task
    if task.hold and task.hold.action and row.offers_hold_action:
        return [_button(task, task.hold.action, task.hold.action.label), _cancel(task)]
    return [_open(task)]


def _of_running(task: Task) -> list[Action]:
    if task.requested is StopRequest.CANCEL:
        return []
    if task.requested is StopRequest.PAUSE:
        return [_button(task, "resume", "Resume"), _cancel(task)]
    kind = KINDS.get(task.kind)
    can_pause = kind is not None and kind.pausable and (task.progress.total or 0) > 1
    return [_button(task, "pause", "Pause"), _cancel(task)] if can_pause else [_cancel(task)]


def _of_attention(task: Task) -> list[Action]:
    actions = []
    if task.can_retry:
        actions.append(_button(task, "retry", f"Retry {task.failed_count:,} failed" if task.failed_count else "Retry"))
    if task.fault == "form" and task.failed_count:
        label = f"Correct {formatting.plural(task.failed_count, 'address', 'addresses')}"
        actions.append(_link(task, "again", label, f"{_filled(task)}&only=failed"))
    return actions or [_open(task)]


def _of_failed(task: Task) -> list[Action]:
    actions = [_button(task, "retry", "Retry")] if task.can_retry else []
    if task.fault == "form" or not actions:
        actions.insert(0, _link(task, "again", "Change and run again", _filled(task)))
    return actions


def _button(task: Task, name: str, label: str, *, asks: bool = False) -> Action:
    return Action(label=label, url=f"/tasks/{task.id}/{name}", id=f"task-{task.id}-{name}", asks=asks)


def _link(task: Task, name: str, label: str, url: str) -> Action:
    return Action(label=label, url=url, id=f"task-{task.id}-{name}", is_link=True)


def _cancel(task: Task) -> Action:
    return _button(task, "cancel", "Cancel", asks=asks_before_cancel(task))


def _open(task: Task) -> Action:
    return _link(task, "open", "Open", f"/tasks/{task.id}")


def _filled(task: Task) -> str:
    return f"/new/{task.kind}?from={task.id}"


def _waiting_summary(row: Row) -> str:
    if row.goes_at and row.task.attempt:
        return row.task.progress.words or "It tries again later."
    return "It waits for its time." if row.goes_at else "It starts when a place is free."


def asks_before_cancel(task: Task) -> bool:
    """Returns True if the run has sent something already: then a cancel is confirmed first."""
    return task.state is State.RUNNING and task.sent_count > 0
