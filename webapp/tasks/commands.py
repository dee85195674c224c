"""Commands on tasks; each runs inside the caller's write transaction and never commits."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from webapp.clock import now
from webapp.db import schema
from webapp.db.connect import mark_changed
from webapp.errors import Conflict, Forbidden
from webapp.ports.delivery_state import DeliveryState
from webapp.ports.engine import Engine
from webapp.ports.kinds import Kind
from webapp.ports.people import Person
from webapp.references import new_reference
from webapp.tasks import queries
from webapp.tasks.cancellation import StopRequest
from webapp.tasks.holds import HoldAction, HoldReason
from webapp.tasks.ledger.delivery_state import is_retryable
from webapp.tasks.model import State, Task
from webapp.tasks.summary import stopped_words
from webapp.tasks.transitions import add_line, counts, make_unknown, move, skip_waiting

t, d = schema.task, schema.delivery
TIMES = {2: "twice", 3: "three times"}
MOST_CRASHES = 3  # in a row, without progress in between
UNDONE = "Taken back. Nothing was sent."
_WAITING_AGAIN = {"state": DeliveryState.WAITING, "attempts": 0, "next_try": None}


@dataclass(frozen=True)
class Started:
    """The task that a form started; `is_new` is False if the same key had started it before."""

    id: int
    is_new: bool


def start(
    conn: Connection,
    engine: Engine,
    kind: Kind,
    form: Any,
    owner: Person,
    *,
    title: str = "",
    total: int | None = None,
    undo: bool = False,
    not_before: datetime | None = None,
    key: str | None = None,
    key_hash: str | None = None,
) -> Started:
    """Writes the task and hands it to the engine; the same key returns the same task.

    Raises Conflict if the key came with another body before (`key_hash`, SHA-256).
    """
    known = queries.by_key(conn, owner.id, key) if key else None
    if known:
        if key_hash and known[1] and known[1] != key_hash:
            raise Conflict("This Idempotency-Key has started another task already.")
        return Started(known[0], is_new=False)
    values = _new_row(kind, form, owner, title=title, undo=undo, not_before=not_before)
    values |= {} if total is None else {"progress_total": total}
    added = insert(t).values(**values, key=key, key_hash=key_hash).returning(t.c.id)
    task_id: int = conn.execute(added).scalar_one()
    add_line(conn, task_id, f"Started by {owner.name}.", State.WAITING)
    engine.submit(conn, task_id, values["queue"], 0, values["not_before"])
    mark_changed(conn)
    return Started(task_id, is_new=True)


def _new_row(
    kind: Kind, form: Any, owner: Person, *, title: str, undo: bool, not_before: datetime | None
) -> dict[str, Any]:
    moment = now()
    window = timedelta(seconds=owner.undo_seconds) if undo and kind.undoable else timedelta()
    undo_until = moment + window if window else None
    return {
        "kind": kind.name,
        "title": (title or kind.title_of(form))[:400],
        "owner": owner.id,
        "state": State.WAITING,
        "form": form.model_dump(mode="json"),
        "form_version": kind.form.VERSION,
        "queue": kind.queue(form),
        "not_before": max(not_before or moment, undo_until or moment),
        "undo_until": undo_until,
        "progress_total": kind.total(form),
        "created": moment,
    }


def undo(conn: Connection, engine: Engine, task: Task, by: Person) -> None:
    """Takes a task back before it starts; raises Conflict if it is too late."""
    if task.was_undone:
        return
    in_time = task.can_undo(now()) and move(
        conn, task.id, State.CANCELLED, f"Taken back by {by.name}.", outcome=UNDONE, cause="undone"
    )
    if not in_time:
        raise Conflict("It is already going.")
    skip_waiting(conn, task.id)
    engine.withdraw(conn, task.id)


def cancel(conn: Connection, engine: Engine, task: Task, by: Person) -> None:
    """Cancels a task: at once if it is not running, else as soon as its run can stop."""
    if task.state is State.RUNNING and _request(conn, task, StopRequest.CANCEL, by):
        return
    message = stopped_words(task.counts, task.not_prepared)
    if not move(conn, task.id, State.CANCELLED, f"Cancelled by {by.name}.", outcome=message, cause=""):
        raise Conflict(f"This task is {task.state.words}: there is nothing to cancel.")
    skip_waiting(conn, task.id)
    engine.withdraw(conn, task.id)


def pause(conn: Connection, engine: Engine, kind: Kind, task: Task, by: Person) -> None:
    """Holds a task; a running one stops after the message in flight."""
    if task.state is State.RUNNING and kind.pausable and _request(conn, task, StopRequest.PAUSE, by):
        return
    if task.state is State.RUNNING and not kind.pausable:
        raise Conflict("This task cannot be paused once it runs. It can be cancelled.")
    message = f"Paused by {by.name}."
    paused: dict[str, Any] = {"hold_reason": HoldReason.PAUSED, "requested_by": by.name, "undo_until": None}
    if not move(conn, task.id, State.HELD, message, **paused):
        raise Conflict(f"This task is {task.state.words}: there is nothing to pause.")
    engine.withdraw(conn, task.id)


def resume(conn: Connection, engine: Engine, task: Task, by: Person) -> None:
    """Resumes a paused task; raises Conflict if it is not paused, Forbidden if `by` may not."""
    if task.state is State.RUNNING and task.requested is StopRequest.PAUSE:
        pausing = update(t).where(t.c.id == task.id, t.c.requested == StopRequest.PAUSE)
        conn.execute(pausing.values(requested=None, requested_at=None))
        return mark_changed(conn)
    _end_hold(conn, engine, task, by, HoldAction.RESUME)


def release(conn: Connection, engine: Engine, task: Task, by: Person) -> None:
    """Releases a task held after a restore; raises Conflict if it is not held so, Forbidden if `by` may not."""
    _end_hold(conn, engine, task, by, HoldAction.RELEASE)


def retry(conn: Connection, engine: Engine, task: Task, by: Person) -> None:
    """Requeues a task to send what failed, was skipped or saved; never what was sent or is unknown."""
    if not task.can_retry:
        raise Conflict(f"This task is {task.state.words}: there is nothing to retry.")
    again = update(d).where(d.c.task == task.id, is_retryable())
    conn.execute(again.values(**_WAITING_AGAIN, skip_reason="", reply="", technical="", updated=now()))
    _wait_again(conn, engine, task, f"Retry by {by.name}.")


def send_unknown_again(conn: Connection, engine: Engine, task: Task, by: Person) -> None:
    """Requeues a task to send unknown deliveries again, with the same Message-ID; a person has decided so."""
    if not task.state.has_ended or not task.unknown_count:
        raise Conflict("This task has no message that may or may not have arrived.")
    again = update(d).where(d.c.task == task.id, d.c.state == DeliveryState.UNKNOWN)
    conn.execute(again.values(**_WAITING_AGAIN, updated=now()))
    _wait_again(conn, engine, task, f"{by.name} sends the unknown ones again.")


def acknowledge(conn: Connection, task: Task, by: Person, *, message: str = "Marked as dealt with") -> None:
    """Marks a failed task as dealt with; its state stays. Raises Conflict if it did not fail and needs no attention."""
    if task.state not in (State.FAILED, State.ATTENTION):
        raise Conflict(f"This task is {task.state.words}: it needs no attention.")
    conn.execute(update(t).where(t.c.id == task.id).values(acknowledged_at=now()))
    add_line(conn, task.id, f"{message} by {by.name}.")
    mark_changed(conn)


def recover(
    conn: Connection,
    engine: Engine,
    task_id: int,
    attempt: int,
    *,
    counted: bool,
    renewals: int | None = None,
    most_crashes: int = MOST_CRASHES,
    technical: str = "",
) -> bool:
    """Requeues a task whose owner died; `most_crashes` in a row without progress (if `counted`) fail it.

    A message in flight becomes unknown. Returns False if the task has another attempt by now, or if it was
    renewed since `renewals` was read: its owner lives.
    """
    row = conn.execute(select(t).where(t.c.id == task_id).with_for_update()).one()
    if row.attempt != attempt or row.state != State.RUNNING or renewals not in (None, row.renewals):
        return False
    settled_one = make_unknown(conn, task_id) > 0
    if request := StopRequest.stored(row.requested):
        return _handle_request(conn, task_id, attempt, request, row.requested_by or "an admin")
    crash_count = row.crash_count + 1 if counted and not settled_one else row.crash_count
    if crash_count >= most_crashes:
        return _give_up(conn, task_id, attempt, crash_count, technical)
    message = "Its process died. It continues." if counted else "Outtray was restarted. It continues."
    move(conn, task_id, State.WAITING, message, attempt=attempt, crash_count=crash_count, not_before=now())
    engine.submit(conn, task_id, row.queue, row.priority, None)
    return True


def _handle_request(conn: Connection, task_id: int, attempt: int, request: StopRequest, by: str) -> bool:
    """Ends or holds a task as a person requested before its worker died."""
    if request is StopRequest.PAUSE:
        return move(conn, task_id, State.HELD, f"Paused by {by}.", attempt=attempt, hold_reason=HoldReason.PAUSED)
    message = stopped_words(counts(conn, task_id))
    skip_waiting(conn, task_id)
    return move(conn, task_id, State.CANCELLED, f"Cancelled by {by}.", attempt=attempt, outcome=message, cause="")


def _give_up(conn: Connection, task_id: int, attempt: int, crash_count: int, technical: str) -> bool:
    skip_waiting(conn, task_id)
    message = f"Its process died {TIMES[crash_count]} in a row without any progress. Ask an admin to look at it."
    return move(
        conn, task_id, State.FAILED, message,
        attempt=attempt, outcome=message, cause="poison", fault="server", technical=technical,
        crash_count=crash_count, reference=new_reference(),
    )  # fmt: skip


def _request(conn: Connection, task: Task, request: StopRequest, by: Person) -> bool:
    """Records a cancel or pause request. Returns False if the task no longer runs; the caller then acts directly."""
    if task.requested is StopRequest.CANCEL:
        raise Conflict("It is already stopping.")
    running = update(t).where(t.c.id == task.id, t.c.attempt == task.attempt, t.c.state == State.RUNNING)
    if conn.execute(running.values(requested=request, requested_by=by.name, requested_at=now())).rowcount == 0:
        return False
    add_line(conn, task.id, f"{by.name} requested to {'cancel' if request is StopRequest.CANCEL else 'pause'} it.")
    mark_changed(conn)
    return True


def _end_hold(conn: Connection, engine: Engine, task: Task, by: Person, action: HoldAction) -> None:
    hold = task.hold
    if hold is None:
        raise Conflict(f"This task is {task.state.words}: there is nothing to {action}.")
    if hold.action is None:
        raise Conflict(f"{hold.sentence} Nothing was changed.")
    if hold.action is not action:
        raise Conflict(f"This task is {hold.text}. Nothing was changed. To let it continue, use {hold.action.label}.")
    if not hold.may_end(by, task.owner):
        raise Forbidden(f"This task is {hold.text}. Only {hold.by.text} can let it continue.")
    _wait_again(conn, engine, task, f"{action.log_line} {by.name}.")


def _wait_again(conn: Connection, engine: Engine, task: Task, message: str) -> None:
    fresh: dict[str, Any] = {
        "outcome": "",
        "cause": "",
        "fault": "",
        "reference": None,
        "technical": "",
        "crash_count": 0,
        "retries": 0,
        "consecutive_failures": 0,
    }
    moment = max(now(), task.not_before) if task.state is State.HELD else now()
    if not move(conn, task.id, State.WAITING, message, not_before=moment, undo_until=None, **fresh):
        raise Conflict(f"This task is {task.state.words} now.")
    engine.submit(conn, task.id, task.queue, task.priority, moment)
