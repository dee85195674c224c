"""Deletes what has been kept long enough: files, tasks, sessions, uploads, and bytes that belong to nothing."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from webapp.accounts.sessions import IDLE
from webapp.audit import chain
from webapp.clock import now
from webapp.db import schema
from webapp.db.connect import mark_changed
from webapp.files.uploads import TYPED
from webapp.installation import Installation
from webapp.tasks import inbox
from webapp.tasks.model import ENDED

BATCH = 500  # rows per commit, so that nobody waits for it
AUDIT_DAYS = 365  # at the least
# A file may be in the store for a while before its row is; longer than a wrong clock may be ahead unnoticed.
STRAY_SECONDS = 2 * 86_400.0
log = logging.getLogger("outtray.housekeeping")
f, t, u, s, k = schema.file, schema.task, schema.upload, schema.session, schema.link


def clean(installation: Installation, moment: datetime | None = None) -> None:
    """Deletes what is too old at `moment` (default: now); raises ExceptionGroup if a part failed, after all others."""
    moment = moment or now()
    failures: list[Exception] = []
    for name, part in PARTS.items():
        try:
            if number := part(installation, moment):
                log.info("%s deleted: %d", name, number)
        except Exception as error:  # noqa: BLE001 - raised below, after the other parts
            failures.append(error)
    if failures:
        raise ExceptionGroup("housekeeping", failures)


def _expire_files(installation: Installation, moment: datetime) -> int:
    with installation.write() as conn:
        due = update(f).where(f.c.expires < moment, f.c.deleted.is_(None)).values(deleted=moment)
        storages = list(conn.execute(due.returning(f.c.storage)).scalars())
        if storages:
            mark_changed(conn)
    _remove(installation, storages)
    return len(storages)


def _forget_tasks(installation: Installation, moment: datetime) -> int:
    oldest, number = moment - timedelta(days=installation.settings.keep_tasks_days), 0
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
        _remove(installation, storages)
        number += len(ids)
        if len(ids) < BATCH:
            return number


def _forget_uploads(installation: Installation, moment: datetime) -> int:
    """An upload is kept as long as a file; longer if a task that has not ended, a list or a template names it."""
    oldest = moment - timedelta(days=installation.settings.keep_files_days)
    with installation.write() as conn:
        needed = _texts_that_name_uploads(conn)
        is_listed = select(schema.saved_list.c.id).where(schema.saved_list.c.upload == u.c.id).exists()
        old = conn.execute(select(u.c.id, u.c.storage).where(u.c.created < oldest, ~is_listed)).all()
        gone = [row for row in old if not any(row.id in text for text in needed)]
        conn.execute(delete(u).where(u.c.id.in_([row.id for row in gone])))
    _remove(installation, [name for row in gone for name in (row.storage, row.storage + TYPED)])
    return len(gone)


def _texts_that_name_uploads(conn: Connection) -> list[str]:
    """Returns the forms of tasks that have not ended, and saved templates."""
    is_open = t.c.state.not_in(ENDED)
    forms = (select(t.c.form).where(is_open), select(schema.kept.c.form))
    return [str(form) for query in forms for form in conn.execute(query).scalars()]


def _end_sessions(installation: Installation, moment: datetime) -> int:
    with installation.write() as conn:
        is_over = (s.c.expires < moment) | (s.c.seen < moment - IDLE)
        return conn.execute(delete(s).where(is_over)).rowcount


def _end_links(installation: Installation, moment: datetime) -> int:
    with installation.write() as conn:
        return conn.execute(delete(k).where(k.c.expires < moment)).rowcount


def _forget_notices(installation: Installation, moment: datetime) -> int:
    with installation.write() as conn:
        return inbox.forget_old(conn, moment - timedelta(days=installation.settings.keep_tasks_days))


def _forget_failed_sign_ins(installation: Installation, moment: datetime) -> int:
    failure = schema.login_failure
    with installation.write() as conn:
        return conn.execute(delete(failure).where(failure.c.blocked_until < moment - timedelta(days=1))).rowcount


def _cut_audit_trail(installation: Installation, moment: datetime) -> int:
    """Removes whole sealed batches; the trail is kept for as long as tasks, and for a year at the least."""
    oldest, number = moment - timedelta(days=max(AUDIT_DAYS, installation.settings.keep_tasks_days)), 0
    while True:
        with installation.write() as conn:
            cut = chain.cut(conn, oldest)
        number += cut
        if not cut:
            return number


def _remove_strays(installation: Installation, moment: datetime) -> int:
    """Removes bytes without a row: a process died between writing and entering them."""
    with installation.read() as conn:
        known = set(conn.execute(select(f.c.storage).where(f.c.deleted.is_(None))).scalars())
        for storage in conn.execute(select(u.c.storage)).scalars():
            known |= {storage, storage + TYPED}
    oldest = moment.timestamp() - STRAY_SECONDS
    strays = [name for name, since in installation.store.names() if name not in known and since < oldest]
    _remove(installation, strays)
    installation.store.remove_scratch(older_than=oldest)
    return len(strays)


def _remove(installation: Installation, storages: Iterable[str]) -> None:
    """Removes bytes whose row is gone; those that cannot be removed now are strays of a later round."""
    for storage in storages:
        try:
            installation.store.remove(storage)
        except OSError as error:
            log.warning("%s cannot be removed: %s", storage, error)


PARTS = {
    "Files": _expire_files,
    "Tasks": _forget_tasks,
    "Uploads": _forget_uploads,
    "Sessions": _end_sessions,
    "Links": _end_links,
    "Notices": _forget_notices,
    "Counts of failed sign-ins": _forget_failed_sign_ins,
    "Entries of the audit trail": _cut_audit_trail,
    "Stored files that belong to nothing": _remove_strays,
}
