"""Tells the owner of a task how it ended, by the channels they chose; what ends within a minute goes in one email."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, select, update

from webapp.accounts import people, public_url
from webapp.clock import now
from webapp.db import schema
from webapp.ports.kinds import Note
from webapp.tasks import commands, inbox
from webapp.tasks.model import State, Task
from webapp.tasks.resources import TaskResources

KEY = "notice:"  # begins the key of the task that sends such an email; its own end is not notified
COLLECTED = timedelta(minutes=1)
t = schema.task


def task_ended(conn: Connection, resources: TaskResources, task: Task, state: State, outcome: str) -> None:
    """Adds a notice to the owner's inbox and to an email, as the owner's preferences say."""
    preferences = inbox.read_preferences(conn, task.owner)
    if not preferences.wants(state) or _is_notice(conn, task):
        return
    if {"inbox", "desktop"} & {*preferences.channels}:
        notice = inbox.NewNotice(
            person=task.owner,
            title=f"{task.title}: {state.words}"[:400],
            text=outcome,
            key=f"task.{task.id}.{task.attempt}",
            task=task.id,
            is_own=True,
            priority="normal" if state is State.DONE else "high",
            is_read="inbox" not in preferences.channels,
            desktop="desktop" in preferences.channels,
        )
        inbox.notify(conn, notice)
    if "mail" in preferences.channels and resources.has_mail_server:
        _mail(conn, resources, task, state, outcome)


def _is_notice(conn: Connection, task: Task) -> bool:
    return (conn.execute(select(t.c.key).where(t.c.id == task.id)).scalar() or "").startswith(KEY)


def _mail(conn: Connection, resources: TaskResources, task: Task, state: State, text: str) -> None:
    """Adds a note to a waiting email to the owner, else starts an email."""
    kind, owner = resources.note_kind, people.by_id(conn, resources.settings, task.owner)
    if kind.note_form is None:
        return
    link = f"{public_url.of(conn, resources.settings)}/tasks/{task.id}"
    note = Note(to=owner.email, title=task.title, state=state.words, text=text, link=link)
    if _joined(conn, task, partial(kind.note_form, note)):
        return
    form = kind.form.model_validate(kind.note_form(note, None))
    key = f"{KEY}{task.id}.{task.attempt}"
    title = f"Notice to {owner.email}"
    commands.start(conn, resources.engine, kind, form, owner, title=title, not_before=now() + COLLECTED, key=key)


def _joined(conn: Connection, task: Task, add: Callable[[Mapping[str, Any]], dict[str, Any] | None]) -> bool:
    """Adds the note to a waiting email; returns False if there is none, or it is full."""
    waits = (t.c.owner == task.owner) & (t.c.state == State.WAITING) & (t.c.attempt == 0) & t.c.key.startswith(KEY)
    row = conn.execute(select(t.c.id, t.c.form).where(waits).order_by(t.c.id.desc()).limit(1).with_for_update()).first()
    form = add(row.form) if row else None
    if row is None or form is None:
        return False
    return conn.execute(update(t).where(t.c.id == row.id, waits).values(form=form)).rowcount == 1
