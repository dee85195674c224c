"""Starts a task: the one function behind form pages, the API, incoming webhooks and schedules."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from webapp.accounts import audit
from webapp.errors import Conflict
from webapp.installation import Installation
from webapp.ports.engine import BackgroundRunner
from webapp.ports.kinds import Kind
from webapp.ports.people import Person
from webapp.tasks import commands, queries
from webapp.tasks.commands import Started

KEY_TAKEN = "This Idempotency-Key has started another task already."


def start_task(
    installation: Installation,
    kind: Kind,
    form: Any,
    owner: Person,
    *,
    via: str,
    key: str | None = None,
    digest: str | None = None,
    title: str = "",
    undo: bool = False,
    not_before: datetime | None = None,
    background: BackgroundRunner | None = None,
    also: Callable[[Connection], None] = lambda conn: None,
) -> Started:
    """Writes a checked form as a task and hands it to the engine; on disk when this returns.

    `key`: the idempotency key, which belongs to its owner: the same key returns the same task, and raises Conflict if
    it came with another `digest` (SHA-256 of the body) before. `via` goes into the audit trail: page, api, a webhook's
    name. `also` runs in the same transaction, only if a task is started.
    """
    if known := started_by(installation, owner, key, digest):
        return known
    context = installation.form_context(owner)
    title = title or (kind.title_at(form, context) if kind.title_at else kind.title_of(form))
    total = kind.total_at(form, context) if kind.total_at else kind.total(form)
    try:
        with installation.write(background) as conn:
            started = commands.start(
                conn, installation.engine, kind, form, owner,
                title=title, total=total, undo=undo, not_before=not_before, key=key, key_hash=digest,
            )  # fmt: skip
            if started.is_new:
                also(conn)
                audit.record(conn, owner, "started", f"{kind.title} {started.id}: {title}", via)
        return started
    except IntegrityError:  # another request with this key was quicker
        if known := started_by(installation, owner, key, digest):
            return known
        raise


def started_by(installation: Installation, owner: Person, key: str | None, digest: str | None = None) -> Started | None:
    """Returns the task that this key has started, or None; raises Conflict if its body was another one."""
    if key is None:
        return None
    with installation.read() as conn:
        found = queries.by_key(conn, owner.id, key)
    if found is None:
        return None
    if digest and found[1] and found[1] != digest:
        raise Conflict(KEY_TAKEN)
    return Started(found[0], is_new=False)
