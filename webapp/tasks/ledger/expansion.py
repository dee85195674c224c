"""Enters the deliveries of a run into the ledger."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from sqlalchemy import Connection

from webapp.db.connect import mark_changed
from webapp.ports.deliveries import NewDelivery
from webapp.tasks.ledger.outcomes import new_row
from webapp.tasks.ledger.statements import enter_rows
from webapp.tasks.model import Task
from webapp.tasks.patience import Patience
from webapp.tasks.transitions import Requests, counts, fenced_update

BATCH = 1_000  # deliveries entered in one commit


def expand(patience: Patience, task: Task, new: Iterable[NewDelivery]) -> Iterator[Requests]:
    """Enters the deliveries, one batch per commit; yields the requests that were read with each.

    Continues after the deliveries that an earlier attempt entered.
    """
    if task.expanded:
        return
    entered = patience.read(lambda conn: sum(counts(conn, task.id).values()))
    batch: list[dict[str, Any]] = []
    for position, delivery in enumerate(new):
        if position >= entered:
            batch.append(new_row(task.id, position, delivery))
        if len(batch) == BATCH:
            yield patience.write(partial(_enter, task=task, rows=batch, is_last=False))
            batch = []
    yield patience.write(partial(_enter, task=task, rows=batch, is_last=True))


def _enter(conn: Connection, *, task: Task, rows: list[dict[str, Any]], is_last: bool) -> Requests:
    done = {"expanded": True} if is_last else {}
    requests = fenced_update(conn, task.id, task.attempt, crash_count=0, **done)
    enter_rows(conn, task.id, rows)
    mark_changed(conn)
    return requests
