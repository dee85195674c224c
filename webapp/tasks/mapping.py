"""Turns rows of the database into what tasks/model.py describes."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from webapp.db import schema
from webapp.db.types import Unreadable
from webapp.files.model import File
from webapp.files.queries import of_tasks
from webapp.tasks.model import DeliveryRow, Line, Progress, State, Task
from webapp.tasks.transitions import BY_STATE

t, p = schema.task, schema.person


def tasks_select() -> Select[Any]:
    """Every column of a task, with its owner's name and address."""
    return select(t, p.c.name.label("owner_name"), p.c.email.label("owner_email")).join(p, p.c.id == t.c.owner)


def to_tasks(conn: Connection, rows: Sequence[Row[Any]]) -> list[Task]:
    """Tasks with their files and their counts: two more queries for any number of rows."""
    ids = [row.id for row in rows]
    files, counts = of_tasks(conn, ids), _counts(conn, ids)
    return [_task(row, files.get(row.id, []), counts.get(row.id, {})) for row in rows]


def to_line(row: Row[Any]) -> Line:
    return Line(row.id, row.at, State.stored(row.state) if row.state else None, row.words)


def to_delivery(row: Row[Any]) -> DeliveryRow:
    return DeliveryRow(
        row.position, row.to, row.state, row.attempts, row.reply, row.technical, row.message_id, row.next_try,
        row.updated, row.data,
    )  # fmt: skip


_COMPOSED = {"key", "key_hash", "deaths", "tries", "asked_at", "progress_done", "progress_total", "progress_words"}


def _task(row: Row[Any], files: list[File], counts: dict[str, int]) -> Task:
    plain = {name: value for name, value in row._mapping.items() if name not in _COMPOSED}
    progress = Progress(row.progress_done, row.progress_total, row.progress_words)
    form = row.form if isinstance(row.form, dict) else Unreadable()
    return Task(
        **{**plain, "state": State.stored(row.state), "form": form}, progress=progress, files=files, counts=counts
    )


def _counts(conn: Connection, ids: list[int]) -> Mapping[int, dict[str, int]]:
    d = schema.delivery
    found: dict[int, dict[str, int]] = {}
    query = select(d.c.task, BY_STATE, func.count()).where(d.c.task.in_(ids)).group_by(d.c.task, BY_STATE)
    for task_id, state, number in conn.execute(query) if ids else ():
        found.setdefault(task_id, {})[state] = number
    return found
