"""Queries of tasks for pages and programs; a query never writes."""

import json
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, String, and_, cast, func, literal, or_, select, union_all

from webapp.db import schema
from webapp.db.search import contains
from webapp.errors import NotFound
from webapp.ports.delivery_state import DeliveryResult, DeliveryState
from webapp.ports.people import Person
from webapp.tasks.ledger.delivery_state import is_result
from webapp.tasks.mapping import tasks_select, to_delivery, to_line, to_tasks
from webapp.tasks.model import ACTIVE, DeliveryRow, Line, State, Task
from webapp.tasks.views.recipient_search import matching

t, d, line = schema.task, schema.delivery, schema.task_line

LARGEST = 2**63 - 1  # the largest id of a database

# A literal, not a bound value: only then can the database use the partial index ix_task_due.
IS_WAITING = t.c.state == literal(State.WAITING.value, literal_execute=True)


@dataclass(frozen=True)
class View:
    """A filter of tasks: by owner (None: all), states, kind, cause and a text to search for."""

    owner: int | None
    _: KW_ONLY
    states: Sequence[State] = ()
    kind: str = ""
    words: str = ""
    cause: str = ""

    @classmethod
    def of(cls, person: Person, **filters: object) -> "View":
        """Returns a view of what this person may see: staff their own, admins all."""
        return cls(None if person.is_admin else person.id, **filters)  # type: ignore[arg-type]


def recent(conn: Connection, view: View, limit: int = 50, before: int | None = None) -> list[Task]:
    """Returns tasks, the newest first; `before` is the last id of the previous page."""
    query = tasks_select().where(*_conditions(view)).order_by(t.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(t.c.id < before)
    return to_tasks(conn, conn.execute(query).all())


def one(conn: Connection, task_id: int, person: Person) -> Task:
    """Returns a task; raises NotFound also if this person may not see it, so that ids are not revealed."""
    query = tasks_select().where(t.c.id == task_id, *_conditions(View.of(person)))
    rows = conn.execute(query).all() if task_id <= LARGEST else []
    if not rows:
        raise NotFound("There is no such task.")
    return to_tasks(conn, rows)[0]


def totals(conn: Connection, view: View) -> dict[State, int]:
    """Returns the number of tasks in each state."""
    query = select(t.c.state, func.count()).where(*_conditions(view)).group_by(t.c.state)
    return {State.stored(state): number for state, number in conn.execute(query)}


def need_you(conn: Connection, person: Person) -> int:
    """Returns the number of tasks that failed or need attention and are not marked as dealt with."""
    unsettled = and_(t.c.state.in_([State.FAILED, State.ATTENTION]), t.c.acknowledged_at.is_(None))
    return conn.execute(select(func.count()).where(unsettled, *_conditions(View.of(person)))).scalar_one()


def is_anything_active(conn: Connection, view: View) -> bool:
    """Returns True if pages should poll again soon."""
    query = select(t.c.id).where(t.c.state.in_(ACTIVE), *_conditions(View(view.owner))).limit(1)
    return conn.execute(query).first() is not None


def lines(conn: Connection, task_id: int, after: int = 0, limit: int = 500) -> list[Line]:
    """Returns the log of a task, oldest first."""
    query = select(line).where(line.c.task == task_id, line.c.id > after).order_by(line.c.id).limit(limit)
    return [to_line(row) for row in conn.execute(query)]


def timeline(conn: Connection, task_id: int) -> list[Line]:
    """Returns the changes of state of a task, oldest first."""
    query = select(line).where(line.c.task == task_id, line.c.state.is_not(None)).order_by(line.c.id).limit(500)
    return [to_line(row) for row in conn.execute(query)]


def last_lines(conn: Connection, ids: Sequence[int], limit: int = 4) -> dict[int, list[Line]]:
    """Returns the last lines of these tasks' logs, oldest first; reads few rows however long the logs are."""
    ends = [
        select(select(line).where(line.c.task == one_id).order_by(line.c.id.desc()).limit(limit).subquery())
        for one_id in ids
    ]
    by_task: dict[int, list[Line]] = {}
    for row in conn.execute(union_all(*ends)) if ends else ():
        by_task.setdefault(row.task, []).insert(0, to_line(row))
    return by_task


def deliveries(
    conn: Connection,
    task_id: int,
    *,
    state: DeliveryState | None = None,
    result: DeliveryResult | None = None,
    words: str = "",
    after: int = -1,
    limit: int = 50,
) -> list[DeliveryRow]:
    """Returns deliveries by position, from `after` on; `words` are searched for in the row.

    `state` finds all skipped ones, `result` SKIPPED only those without a reason, as pages count them.
    """
    query = select(d).where(d.c.task == task_id, d.c.position > after).order_by(d.c.position).limit(limit)
    if state:
        query = query.where(d.c.state == state)
    if result:
        query = query.where(is_result(result))
    if words:
        query = query.where(matching(words))
    return [to_delivery(row) for row in conn.execute(query)]


def by_key(conn: Connection, owner: int, key: str) -> tuple[int, str] | None:
    """Returns the task that this key started, and the hash of its request body; None if there is none."""
    row = conn.execute(select(t.c.id, t.c.key_hash).where(t.c.owner == owner, t.c.key == key)).first()
    return (row.id, row.key_hash or "") if row else None


def next_due(conn: Connection, queue: str, moment: datetime) -> int | None:
    """Returns the task of this queue that should run now, or None."""
    return next(iter(all_due(conn, queue, moment, limit=1)), None)


def all_due(conn: Connection, queue: str, moment: datetime, limit: int) -> list[int]:
    """Returns the tasks of this queue that should run now, the most urgent first."""
    query = select(t.c.id).where(IS_WAITING, t.c.queue == queue, t.c.not_before <= moment)
    return list(conn.execute(query.order_by(t.c.priority, t.c.not_before, t.c.id).limit(limit)).scalars())


def next_moment(conn: Connection, queues: Sequence[str]) -> datetime | None:
    """Returns the earliest time at which a waiting task of these queues may run, or None."""
    query = select(func.min(t.c.not_before)).where(IS_WAITING, t.c.queue.in_(queues))
    return conn.execute(query).scalar()


def _conditions(view: View) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if view.owner is not None:
        conditions.append(t.c.owner == view.owner)
    if view.states:
        conditions.append(t.c.state.in_(view.states))
    if view.kind:
        conditions.append(t.c.kind == view.kind)
    if view.cause:
        conditions += [t.c.cause == view.cause, t.c.acknowledged_at.is_(None)]
    if view.words:
        sent_to = select(d.c.task).where(d.c.task == t.c.id, matching(view.words)).exists()
        typed = contains(cast(t.c.form, String), json.dumps(view.words, ensure_ascii=False)[1:-1])
        conditions.append(or_(contains(t.c.title, view.words), typed, sent_to))
    return conditions
