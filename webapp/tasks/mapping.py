"""Maps rows of the database to the types of tasks/model.py."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from webapp.db import schema
from webapp.db.types import Unreadable
from webapp.files.model import File
from webapp.files.queries import of_tasks
from webapp.ports.delivery_state import Counts, DeliveryResult, DeliveryState, stored_result
from webapp.tasks.cancellation import StopRequest
from webapp.tasks.holds import HoldReason
from webapp.tasks.ledger.delivery_state import RESULT
from webapp.tasks.model import DeliveryRow, Line, Progress, State, Task

t, p = schema.task, schema.person


def tasks_select() -> Select[Any]:
    """Returns a query of all columns of a task, with its owner's name and address."""
    return select(t, p.c.name.label("owner_name"), p.c.email.label("owner_email")).join(p, p.c.id == t.c.owner)


def to_tasks(conn: Connection, rows: Sequence[Row[Any]]) -> list[Task]:
    """Returns tasks with their files and counts: two more queries for any number of rows."""
    ids = [row.id for row in rows]
    files, counts = of_tasks(conn, ids), _counts(conn, ids)
    return [_task(row, files.get(row.id, []), counts.get(row.id, {})) for row in rows]


def to_line(row: Row[Any]) -> Line:
    state = State.stored(row.state) if row.state else None
    return Line(id=row.id, at=row.at, state=state, words=row.words)


def to_delivery(row: Row[Any]) -> DeliveryRow:
    return DeliveryRow(
        position=row.position,
        to=row.to,
        state=DeliveryState.stored(row.state),
        attempts=row.attempts,
        reply=row.reply,
        technical=row.technical,
        message_id=row.message_id,
        next_try=row.next_try,
        updated=row.updated,
        data=row.data,
    )


# Columns that are not attributes of a Task.
_LEFT_OUT = {
    "key", "key_hash", "crash_count", "renewals", "retries", "requested_at",
    "progress_done", "progress_total", "progress_words",
}  # fmt: skip


def _task(row: Row[Any], files: list[File], counts: Counts) -> Task:
    plain = {name: value for name, value in row._mapping.items() if name not in _LEFT_OUT}
    decoded = {
        "state": State.stored(row.state),
        "form": row.form if isinstance(row.form, dict) else Unreadable(),
        "requested": StopRequest.stored(row.requested),
        "hold_reason": HoldReason.stored(row.hold_reason),
    }
    progress = Progress(done=row.progress_done, total=row.progress_total, words=row.progress_words)
    return Task(**{**plain, **decoded}, progress=progress, files=files, counts=counts)


def _counts(conn: Connection, ids: list[int]) -> Mapping[int, Counts]:
    d = schema.delivery
    found: dict[int, dict[DeliveryResult, int]] = {}
    query = select(d.c.task, RESULT, func.count()).where(d.c.task.in_(ids)).group_by(d.c.task, RESULT)
    for task_id, value, number in conn.execute(query) if ids else ():
        of_task, result = found.setdefault(task_id, {}), stored_result(value)
        of_task[result] = of_task.get(result, 0) + number
    return found
