"""Tells the owner of a task how it ended, in the ways that they chose; what ends within a minute goes in one email."""

import re
from datetime import timedelta

from sqlalchemy import Connection, select, update

from webapp.accounts import people, public_url
from webapp.db import schema
from webapp.db.types import now
from webapp.tasks import commands, inbox
from webapp.tasks.model import State, Task
from webapp.tasks.resources import TaskResources

KEY = "notice:"  # with which the task of such an email begins its key: nobody is told how that one ended
COLLECTED = timedelta(minutes=1)
MOST = 50  # tasks in one email
ITEM = "\n- "  # how each begins
GREETING = "Hello,\n\nthis is how your tasks ended:\n"
t = schema.task


def task_ended(conn: Connection, resources: TaskResources, task: Task, state: State, words: str) -> None:
    """Puts it into the owner's inbox, and mails it, where they want that."""
    wishes = inbox.wishes(conn, task.owner)
    if not wishes.wants(state) or _is_notice(conn, task):
        return
    if {"inbox", "desktop"} & {*wishes.ways}:
        inbox.tell(
            conn, task.owner, f"{task.title}: {state.words}"[:400], words, key=f"task.{task.id}.{task.attempt}",
            task=task.id, is_own=True, priority="normal" if state is State.DONE else "high",
            is_read="inbox" not in wishes.ways, desktop="desktop" in wishes.ways,
        )  # fmt: skip
    if "mail" in wishes.ways and resources.has_mail_server:
        _mail(conn, resources, task, f"- **{_typed(task.title)}**: {state.words}. {_typed(words)}", state)


def _is_notice(conn: Connection, task: Task) -> bool:
    return (conn.execute(select(t.c.key).where(t.c.id == task.id)).scalar() or "").startswith(KEY)


def _mail(conn: Connection, resources: TaskResources, task: Task, line: str, state: State) -> None:
    line = f"{line} [Open]({public_url.of(conn, resources.settings)}/tasks/{task.id})"
    if _joined(conn, task, line):
        return
    owner, kind = people.by_id(conn, resources.settings, task.owner), resources.kind("email")
    form = kind.form.model_validate(
        {"to": [owner.email], "subject": f"{task.title}: {state.words}"[:200], "body": f"{GREETING}\n{line}"}
    )
    key = f"{KEY}{task.id}.{task.attempt}"
    title = f"Notice to {owner.email}"
    commands.start(conn, resources.engine, kind, form, owner, title=title, not_before=now() + COLLECTED, key=key)


def _joined(conn: Connection, task: Task, line: str) -> bool:
    """Whether an email that has not gone yet takes this one along."""
    waits = (t.c.owner == task.owner) & (t.c.state == State.WAITING) & (t.c.attempt == 0) & t.c.key.startswith(KEY)
    row = conn.execute(select(t.c.id, t.c.form).where(waits).order_by(t.c.id.desc()).limit(1).with_for_update()).first()
    if row is None or row.form["body"].count(ITEM) >= MOST:
        return False
    body = f"{row.form['body'].rstrip()}\n{line}"
    form = {**row.form, "body": body, "subject": f"{body.count(ITEM)} of your tasks ended"}
    return conn.execute(update(t).where(t.c.id == row.id, waits).values(form=form)).rowcount == 1


def _typed(text: str) -> str:
    """So that Markdown shows the signs of a text as they are."""
    return re.sub(r"([\\`*_\[\]<>#])", r"\\\1", " ".join(text.split()))
