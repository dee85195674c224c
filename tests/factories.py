"""Makes what a test needs and nothing else: people, sessions, and tasks in any state."""

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select

from webapp.accounts import passwords, people
from webapp.accounts.people import NewPerson
from webapp.clock import now
from webapp.db import schema
from webapp.db.connect import mark_changed
from webapp.files import queries as files
from webapp.files.store import Store
from webapp.ports.people import Person
from webapp.settings import Settings
from webapp.tasks.holds import HoldReason
from webapp.tasks.model import State
from webapp.tasks.transitions import add_line

PASSWORD = "correct horse battery"


@cache
def password_hash() -> str:
    """Returns the hash of PASSWORD; computed once, because hashing is slow."""
    return passwords.hashed(PASSWORD)


def make_person(
    conn: Connection,
    settings: Settings,
    email: str = "ana@example.com",
    name: str = "",
    role: str = "staff",
    zone: str = "Europe/Madrid",
) -> Person:
    """Adds a person who can sign in with PASSWORD."""
    called = name or email.partition("@")[0].replace(".", " ").title()
    new = NewPerson(email=email, name=called, role=role, password_hash=password_hash(), zone=zone)
    return people.add(conn, settings, new)


def make_task(conn: Connection, owner: Person, state: str = "done", **columns: Any) -> int:
    """Adds a task in this state, with matching times; `columns` as in db/schema.py. Returns its id."""
    moment = now()
    has_ended = State(state).has_ended
    values: dict[str, Any] = {
        "kind": "notification",
        "title": "Notification to Ana",
        "form": {"message": "Hello", "to": [], "channels": ["log"]},
        "form_version": 1,
        "queue": "quick",
        "not_before": moment,
        "attempt": 0 if state == "waiting" else 1,
        "hold_reason": HoldReason.RESTORED if state == "held" else None,
        "created": moment - timedelta(minutes=3),
        "started": None if state in ("waiting", "cancelled") else moment - timedelta(minutes=2),
        "finished": moment - timedelta(minutes=1) if has_ended else None,
    }
    row = values | columns | {"state": state, "owner": owner.id}
    task_id: int = conn.execute(insert(schema.task).values(row).returning(schema.task.c.id)).scalar_one()
    add_line(conn, task_id, f"Started by {owner.name}.", State.WAITING)
    if state != "waiting":
        add_line(conn, task_id, row.get("outcome", ""), State(state))
    mark_changed(conn)
    return task_id


def make_delivery(conn: Connection, task_id: int, to: str, state: str = "sent", **columns: Any) -> None:
    """Adds a delivery to a task."""
    d = schema.delivery
    taken = conn.execute(select(d.c.position).where(d.c.task == task_id).order_by(d.c.position.desc())).scalar()
    values = {"position": 1 if taken is None else taken + 1, "data": {}, "attempts": 1, "updated": now()}
    conn.execute(insert(d).values({**values, "task": task_id, "to": to, "state": state} | columns))


def make_file(
    conn: Connection,
    store: Store,
    task_id: int,
    owner: Person,
    folder: Path,
    name: str = "sales.xlsx",
    body: bytes = b"x",
) -> str:
    """Adds a file to a task, with its bytes in the store."""
    path = folder / "made"
    path.write_bytes(body)
    stored = store.keep(path)
    kind = "text/csv" if name.endswith(".csv") else "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    new = files.NewFile(task=task_id, owner=owner.id, name=name, media_type=kind, stored=stored, keep_days=30)
    return files.add(conn, new)
