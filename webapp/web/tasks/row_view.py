"""One task as a row of the log shows it: what is going on, and what makes sense now."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from webapp.kinds import KINDS
from webapp.ports.kinds import Kind
from webapp.ports.people import Person
from webapp.tasks.cancellation import StopRequest
from webapp.tasks.holds import HoldReason
from webapp.tasks.model import Line, State, Task
from webapp.web.http import formatting

SURE_AFTER = timedelta(seconds=5)  # before that, a guess at the time left is worth nothing

SHOWN_FROM = timedelta(seconds=1)


@dataclass(frozen=True)
class Action:
    """Something that can be done with a task: a link leads to a page; a button acts at once, or asks first."""

    label: str
    url: str
    id: str
    is_link: bool = False
    asks: bool = False


@dataclass(frozen=True)
class Row:
    """A task with the moment and the person that look at it; `note` answers a press of theirs."""

    task: Task
    moment: datetime
    viewer: Person
    lines: Sequence[Line] = ()
    note: str = ""
    focus: str = ""  # the id of the element that takes the focus
    actions: Sequence[Action] = field(init=False, default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "actions", _actions(self))

    @property
    def id(self) -> str:
        return f"task-{self.task.id}"

    @property
    def can_undo(self) -> bool:
        return self.task.can_undo(self.moment)

    @property
    def goes_at(self) -> datetime | None:
        """When a task that still waits goes; None where it is its turn now."""
        if self.task.state is State.WAITING and self.task.not_before > self.moment:
            return self.task.not_before
        return None

    @property
    def aside(self) -> str:
        """What stands beside the state."""
        if self.task.is_stopping:
            return "stopping…" if self.task.requested is StopRequest.CANCEL else "pausing…"
        if self.task.hold_reason is HoldReason.PAUSED:
            return f"paused by {self.task.requested_by}" if self.task.requested_by else "paused"
        return ""

    @property
    def when(self) -> datetime:
        """The time that tells most: of the end, of the beginning, else of the press that started it."""
        task = self.task
        if task.state.has_ended:
            return task.finished or task.created
        return task.started if task.state is State.RUNNING and task.started else task.created

    @property
    def took(self) -> str:
        task = self.task
        if task.state is State.CANCELLED or not (task.state.has_ended and task.started and task.finished):
            return ""
        span = task.finished - task.started
        return formatting.lasting(span) if span >= SHOWN_FROM else ""

    @property
    def telling(self) -> str:
        """One line on what is going on or what came of it."""
        task = self.task
        if task.state is State.WAITING:
            return "You can still take it back." if task.can_undo(self.moment) else _waiting_words(self)
        if task.state is State.RUNNING:
            return task.progress.words or "Working on it."
        if task.hold:
            return task.hold.told if task.hold.needs_look else task.progress.words or task.hold.told
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
        """What a screen reader says of the bar."""
        progress = self.task.progress
        if progress.words and any(sign.isdigit() for sign in progress.words):
            return progress.words
        return f"{progress.done:,} of {progress.total or 0:,}"


def time_left(task: Task, moment: datetime) -> str:
    """about 2 minutes left; nothing where it would only be a guess."""
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
    found = _by_state(row)
    return [
        Action(
            label,
            url or f"/tasks/{task.id}/{name}",
            f"task-{task.id}-{name}",
            bool(url),
            name == "cancel" and asks_before_cancel(task),
        )
        for name, label, url in found
    ]


_Found = list[tuple[str, str, str]]  # name, label, address where it is a link


def _by_state(row: Row) -> _Found:
    task = row.task
    kind = KINDS.get(task.kind)
    match task.state:
        case State.WAITING if row.can_undo:
            return [("undo", "Undo", "")]
        case State.WAITING:
            return [("cancel", "Cancel", "")]
        case State.RUNNING:
            return _of_running(task, kind)
        case State.HELD:
            return _of_held(row)
        case State.ATTENTION:
            return _of_attention(task)
        case State.FAILED:
            return _of_failed(task)
    label = "Change and send again" if task.was_undone else "Run again"
    return [("again", label, _filled(task))]


def _of_held(row: Row) -> _Found:
    if row.task.hold and row.task.hold.action and row.offers_hold_action:
        return [(row.task.hold.action, row.task.hold.action.label, ""), ("cancel", "Cancel", "")]
    return [("open", "Open", f"/tasks/{row.task.id}")]


def _of_running(task: Task, kind: Kind | None) -> _Found:
    if task.requested is StopRequest.CANCEL:
        return []
    stop: tuple[str, str, str] = ("cancel", "Cancel", "")
    if task.requested is StopRequest.PAUSE:
        return [("resume", "Resume", ""), stop]
    is_run = kind is not None and kind.pausable and (task.progress.total or 0) > 1
    return [("pause", "Pause", ""), stop] if is_run else [stop]


def _of_attention(task: Task) -> _Found:
    found: _Found = []
    if task.can_retry:
        found.append(("retry", f"Retry {task.failed_count:,} failed" if task.failed_count else "Retry", ""))
    if task.fault == "form" and task.failed_count:
        label = f"Correct {formatting.plural(task.failed_count, 'address', 'addresses')}"
        found.append(("again", label, f"{_filled(task)}&only=failed"))
    return found or [("open", "Open", f"/tasks/{task.id}")]


def _of_failed(task: Task) -> _Found:
    found: _Found = [("retry", "Retry", "")] if task.can_retry else []
    if task.fault == "form" or not found:
        found.insert(0, ("again", "Change and run again", _filled(task)))
    return found


def _filled(task: Task) -> str:
    return f"/new/{task.kind}?from={task.id}"


def _waiting_words(row: Row) -> str:
    if row.goes_at and row.task.attempt:
        return row.task.progress.words or "It tries again later."
    return "It waits for its time." if row.goes_at else "It starts when a place is free."


def asks_before_cancel(task: Task) -> bool:
    """Whether something of it is out already, so that stopping half-way deserves a question."""
    return task.state is State.RUNNING and task.sent_count > 0
