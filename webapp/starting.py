"""Starts a task: the one function behind form pages, the API, incoming webhooks and schedules."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from webapp.audit import trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.errors import Conflict
from webapp.installation import Installation
from webapp.ports.engine import BackgroundRunner
from webapp.ports.kinds import Kind
from webapp.ports.people import Person
from webapp.tasks import commands, queries
from webapp.tasks.commands import Started

KEY_TAKEN = "This Idempotency-Key has started another task already."


@dataclass(frozen=True, kw_only=True)
class NewTask:
    """A task to start: a checked form of its kind, and the person who owns the task.

    `via` goes into the audit trail: page, api, test or a webhook's name. `key` is the idempotency key, which belongs
    to the owner; `digest` is the SHA-256 of the body. A task with `undo` waits for the undo window of its owner.
    """

    kind: Kind
    form: Any
    owner: Person
    via: str
    key: str | None = None
    digest: str | None = None
    title: str = ""
    undo: bool = False
    not_before: datetime | None = None


def start_task(
    installation: Installation,
    new: NewTask,
    background: BackgroundRunner | None = None,
    also: Callable[[Connection], None] = lambda conn: None,
) -> Started:
    """Writes the task and hands it to the engine; on disk when this returns.

    The same key returns the same task; raises Conflict if it came with another digest before. `also` runs in the same
    transaction, only if a task is started.
    """
    if known := started_by(installation, new.owner, new.key, new.digest):
        return known
    try:
        return _write(installation, new, background, also)
    except IntegrityError:  # another request with this key was quicker
        if known := started_by(installation, new.owner, new.key, new.digest):
            return known
        raise


def _write(
    installation: Installation, new: NewTask, background: BackgroundRunner | None, also: Callable[[Connection], None]
) -> Started:
    kind, form, context = new.kind, new.form, installation.form_context(new.owner)
    title = new.title or (kind.title_at(form, context) if kind.title_at else kind.title_of(form))
    total = kind.total_at(form, context) if kind.total_at else kind.total(form)
    with installation.write(background) as conn:
        started = commands.start(
            conn,
            installation.engine,
            kind,
            form,
            new.owner,
            title=title,
            total=total,
            undo=new.undo,
            not_before=new.not_before,
            key=new.key,
            key_hash=new.digest,
        )
        if started.is_new:
            also(conn)
            target = Target(TargetKind.TASK, started.id, f"{kind.title}: {title}", new.owner.id)
            trail.record(conn, AuditAction.START, target, new.via)
    return started


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
