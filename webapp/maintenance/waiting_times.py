"""Moves everything that waits for its time, after the clock was set back."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, and_, bindparam, func, select, true, update

from webapp import clock
from webapp.accounts import links, sessions
from webapp.db import schema
from webapp.db.connect import mark_changed
from webapp.ports.delivery_state import DeliveryState
from webapp.ports.engine import Engine
from webapp.tasks.model import State

LONGEST_FIRST_WAIT = timedelta(minutes=10)  # the longest undo window; a longer first wait is a time that was chosen
d, p, t, line = schema.delivery, schema.pace, schema.task, schema.task_line


def set_back(conn: Connection, engine: Engine, by: timedelta) -> dict[str, int]:
    """Moves what waits for later back by as much as the clock; returns how many of what."""
    moment = clock.now()
    failed = schema.login_failure
    moved = {
        "tasks": _tasks(conn, engine, by, moment),
        "deliveries": _column(conn, d, d.c.next_try, d.c.state == DeliveryState.WAITING, by, moment),
        "rate limits": _rates(conn, by),
        "sign-in limits": _column(conn, failed, failed.c.blocked_until, true(), by, moment),
    }
    _shorten(conn, schema.session, schema.session.c.seen, moment)
    _shorten(conn, schema.session, schema.session.c.expires, moment + sessions.LIFE)
    _shorten(conn, schema.link, schema.link.c.expires, moment + links.LIFE)
    mark_changed(conn)
    return moved


def _tasks(conn: Connection, engine: Engine, by: timedelta, moment: datetime) -> int:
    """Tasks that wait for an undo window, a retry, a rate or their turn; held ones too, for when they are released."""
    said = select(func.max(line.c.at)).where(line.c.task == t.c.id).scalar_subquery().label("said")
    names = ("id", "queue", "priority", "state", "attempt", "not_before", "undo_until")
    query = select(*(t.c[name] for name in names), said)
    rows = conn.execute(query.where(t.c.state.in_([State.WAITING, State.HELD]), t.c.not_before > moment)).all()
    moved = [row for row in rows if row.attempt > 0 or (row.said and row.not_before - row.said <= LONGEST_FIRST_WAIT)]
    is_same = and_(t.c.id == bindparam("row"), t.c.state == bindparam("was"), t.c.not_before == bindparam("before"))
    change = update(t).where(is_same).values(not_before=bindparam("start"), undo_until=bindparam("undo"))
    given = [
        {"row": row.id, "was": row.state, "before": row.not_before, "start": row.not_before - by}
        | {"undo": row.undo_until and row.undo_until - by}
        for row in moved
    ]
    if given:
        conn.execute(change, given)
    for row in moved:
        if row.state == State.WAITING:
            engine.submit(conn, row.id, row.queue, row.priority, row.not_before - by)
    return len(moved)


def _column(
    conn: Connection, table: Table, column: Column[Any], which: ColumnElement[bool], by: timedelta, moment: datetime
) -> int:
    keys = list(table.primary_key)
    rows = conn.execute(select(*keys, column.label("moment")).where(column > moment, which)).all()
    is_same = and_(column == bindparam("before"), *(key == bindparam(f"key_{key.name}") for key in keys))
    given = [
        {"before": row.moment, "after": row.moment - by} | {f"key_{key.name}": row._mapping[key.name] for key in keys}
        for row in rows
    ]
    if given:
        conn.execute(update(table).where(is_same).values({column.name: bindparam("after")}), given)
    return len(rows)


def _rates(conn: Connection, by: timedelta) -> int:
    """Rate limits and rests of targets, which are kept in seconds since 1970."""
    late = update(p).where(p.c.next_free_at > clock.seconds())
    return conn.execute(late.values(next_free_at=p.c.next_free_at - by.total_seconds())).rowcount


def _shorten(conn: Connection, table: Table, column: Column[Any], latest: datetime) -> None:
    """Nothing lasts longer than what begins now."""
    conn.execute(update(table).where(column > latest).values({column.name: latest}))
