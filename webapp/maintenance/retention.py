"""Removes what has been kept long enough: files, tasks, sessions, uploads, and bytes that nobody knows."""

import logging
import threading
from datetime import timedelta

from sqlalchemy import Connection, delete, select, update

from webapp import clock
from webapp.clock import now
from webapp.db import schema
from webapp.db.connect import mark_changed
from webapp.files.uploads import TYPED
from webapp.installation import Installation
from webapp.tasks import inbox
from webapp.tasks.model import ENDED

EVERY = 3_600.0  # seconds
BATCH = 500  # rows per commit, so that nobody waits for it
STRAY_SECONDS = 86_400.0  # a file may be in the store for a moment before its row is
log = logging.getLogger("outtray.housekeeping")
f, t, u, s, k = schema.file, schema.task, schema.upload, schema.session, schema.link


def keep_tidy(installation: Installation, stop: threading.Event) -> None:
    """Cleans once an hour until `stop` is set."""
    while True:
        clean(installation)
        if stop.wait(EVERY):
            return


def clean(installation: Installation) -> None:
    """One round."""
    _expire_files(installation)
    _forget_tasks(installation)
    _forget_uploads(installation)
    with installation.write() as conn:
        for table in (s, k):
            conn.execute(delete(table).where(table.c.expires < now()))
        inbox.forget_old(conn, installation.settings.keep_tasks_days)
        failure = schema.login_failure
        conn.execute(delete(failure).where(failure.c.blocked_until < now() - timedelta(days=1)))
    _remove_strays(installation)


def _expire_files(installation: Installation) -> None:
    with installation.write() as conn:
        due = update(f).where(f.c.expires < now(), f.c.deleted.is_(None)).values(deleted=now())
        storages = list(conn.execute(due.returning(f.c.storage)).scalars())
        if storages:
            mark_changed(conn)
    for storage in storages:
        installation.store.remove(storage)


def _forget_tasks(installation: Installation) -> None:
    oldest = now() - timedelta(days=installation.settings.keep_tasks_days)
    while True:
        with installation.write() as conn:
            query = select(t.c.id).where(t.c.finished < oldest, t.c.state.in_(ENDED)).limit(BATCH)
            ids = list(conn.execute(query).scalars())
            gone = delete(f).where(f.c.task.in_(ids)).returning(f.c.storage)
            storages = list(conn.execute(gone).scalars()) if ids else []
            for table, column in ((schema.delivery, "task"), (schema.task_line, "task"), (t, "id")):
                conn.execute(delete(table).where(table.c[column].in_(ids)))
            if ids:
                mark_changed(conn)
        for storage in storages:
            installation.store.remove(storage)
        if len(ids) < BATCH:
            return


def _forget_uploads(installation: Installation) -> None:
    """An upload lives as long as a file would; a task that waits for it, a list or a template keeps it."""
    oldest = now() - timedelta(days=installation.settings.keep_files_days)
    with installation.write() as conn:
        needed = _texts_that_name_uploads(conn)
        is_listed = select(schema.saved_list.c.id).where(schema.saved_list.c.upload == u.c.id).exists()
        old = conn.execute(select(u.c.id, u.c.storage).where(u.c.created < oldest, ~is_listed)).all()
        gone = [row for row in old if not any(row.id in text for text in needed)]
        conn.execute(delete(u).where(u.c.id.in_([row.id for row in gone])))
    for row in gone:
        installation.store.remove(row.storage)
        installation.store.remove(row.storage + TYPED)


def _texts_that_name_uploads(conn: Connection) -> list[str]:
    """Forms of tasks that are not over, and what people keep."""
    is_open = t.c.state.not_in(ENDED)
    forms = (select(t.c.form).where(is_open), select(schema.kept.c.form))
    return [str(form) for query in forms for form in conn.execute(query).scalars()]


def _remove_strays(installation: Installation) -> None:
    """Bytes without a row: a process died between writing and entering them."""
    with installation.read() as conn:
        known = set(conn.execute(select(f.c.storage).where(f.c.deleted.is_(None))).scalars())
        for storage in conn.execute(select(u.c.storage)).scalars():
            known |= {storage, storage + TYPED}
    for name, since in installation.store.names():
        if name not in known and clock.seconds() - since > STRAY_SECONDS:
            log.info("removing %s, which belongs to nothing", name)
            installation.store.remove(name)
    installation.store.remove_scratch(older_than=clock.seconds() - STRAY_SECONDS)
