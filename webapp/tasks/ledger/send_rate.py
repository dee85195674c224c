"""The speed of a run: a person can change it while it runs, and it applies within a second."""

from sqlalchemy import Connection, select, update

from webapp.clock import now
from webapp.db import schema
from webapp.db.connect import mark_changed
from webapp.errors import Conflict, UserError
from webapp.ports.engine import Engine
from webapp.ports.people import Person
from webapp.tasks.model import State, Task
from webapp.tasks.transitions import add_line

SLOWEST, FASTEST = 0.01, 1_000.0  # messages per second
t = schema.task


def read_rate(text: str) -> float | None:
    """Parses messages per second as a person types them; returns None for an empty text: no limit."""
    typed = text.strip().replace(",", ".")
    if not typed:
        return None
    if not typed.replace(".", "", 1).isdecimal() or len(typed) > 12:
        raise UserError("Write a number such as 5 or 0.5, or leave it empty.", field="rate")
    if not SLOWEST <= float(typed) <= FASTEST:
        raise UserError(f"It must be from {SLOWEST:g} to {FASTEST:,.0f}.", field="rate")
    return float(typed)


def change_speed(conn: Connection, engine: Engine, task: Task, by: Person, rate: float | None) -> None:
    """Sets `rate` (messages per second) for this run; the server's own limit stays. Raises Conflict if it has ended."""
    open_states = [State.WAITING, State.RUNNING, State.HELD]
    change = update(t).where(t.c.id == task.id, t.c.state.in_(open_states)).values(rate=rate)
    if not task.has_speed or conn.execute(change).rowcount == 0:
        raise Conflict("This task sends nothing more, so it has no speed.")
    speed_text = f"at most {rate:g} a second" if rate else "as fast as the mail server takes them"
    add_line(conn, task.id, f"{by.name} set the speed: {speed_text}.")
    _continue_now(conn, engine, task)
    mark_changed(conn)


def _continue_now(conn: Connection, engine: Engine, task: Task) -> None:
    """Makes a slow run due that waits without a slot for its next message: the new speed applies from now on."""
    only_slow = (t.c.id == task.id) & (t.c.state == State.WAITING) & (t.c.attempt > 0) & (t.c.retries == 0)
    if task.rate and conn.execute(select(t.c.id).where(only_slow)).first() and task.not_before > now():
        conn.execute(update(t).where(only_slow).values(not_before=now()))
        engine.submit(conn, task.id, task.queue, task.priority, now())
