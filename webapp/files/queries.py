"""The files that tasks made: queries for pages and programs, and commands."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from webapp.clock import now
from webapp.db import schema
from webapp.db.connect import mark_changed
from webapp.errors import NotFound
from webapp.files.model import File
from webapp.files.store import Store, StoredFile
from webapp.ports.files import Attachment
from webapp.ports.people import Person

f, t = schema.file, schema.task


@dataclass(frozen=True, kw_only=True)
class NewFile:
    """A stored file to enter as one of a task's; it is kept for `keep_days`."""

    task: int
    owner: int
    name: str
    media_type: str
    stored: StoredFile
    keep_days: int


def add(conn: Connection, new: NewFile) -> str:
    """Enters the file of a task; returns its id."""
    file_id = f"f-{secrets.token_urlsafe(9)}"
    moment = now()
    conn.execute(
        insert(f).values(
            id=file_id,
            task=new.task,
            owner=new.owner,
            name=new.name,
            media_type=new.media_type,
            storage=new.stored.storage,
            size=new.stored.size,
            sha256=new.stored.sha256,
            created=moment,
            expires=moment + timedelta(days=new.keep_days),
        )
    )
    mark_changed(conn)
    return file_id


def one(conn: Connection, file_id: str, person: Person) -> File:
    """Returns a file that this person may have, even a deleted one; raises NotFound."""
    query = select(f).where(f.c.id == file_id)
    if not person.is_admin:
        query = query.where(f.c.owner == person.id)
    row = conn.execute(query).first()
    if row is None:
        raise NotFound("There is no such file.")
    return File(**row._mapping)


def attachment(conn: Connection, store: Store, file_id: str, person: Person) -> Attachment:
    """Returns a file that this person may have and that still exists; raises NotFound."""
    file = one(conn, file_id, person)
    if file.deleted or file.expires < now() or not store.path(file.storage).is_file():
        raise NotFound("This file is not here any more. Choose another.", field="attachments")
    return Attachment(file.id, file.name, file.media_type, file.size, store.path(file.storage))


def owners(conn: Connection, files: Sequence[File]) -> Mapping[int, str]:
    """Returns the names of the owners of these files, by their ids."""
    p = schema.person
    query = select(p.c.id, p.c.name, p.c.email).where(p.c.id.in_({file.owner for file in files}))
    return {row.id: row.name or row.email for row in conn.execute(query)} if files else {}


def newest(conn: Connection, person: Person, limit: int = 50, before: datetime | None = None) -> list[tuple[File, str]]:
    """Returns the files that exist, newest first, each with the title of its task."""
    query = select(f, t.c.title).join(t, t.c.id == f.c.task).where(f.c.deleted.is_(None))
    if not person.is_admin:
        query = query.where(f.c.owner == person.id)
    if before is not None:
        query = query.where(f.c.created < before)
    rows = conn.execute(query.order_by(f.c.created.desc()).limit(limit)).all()
    return [(File(**{c: row._mapping[c] for c in f.c.keys()}), row.title) for row in rows]  # noqa: SIM118


def of_tasks(conn: Connection, ids: Sequence[int]) -> Mapping[int, list[File]]:
    """Returns the files of these tasks that exist, in the order in which they were made."""
    files: dict[int, list[File]] = {}
    query = select(f).where(f.c.task.in_(ids), f.c.deleted.is_(None)).order_by(f.c.created)
    for row in conn.execute(query) if ids else ():
        files.setdefault(row.task, []).append(File(**row._mapping))
    return files


def keep_preview(conn: Connection, task_id: int, name: str, data: Mapping[str, Any]) -> None:
    """Stores the first rows of a file of a task, for its page."""
    here = select(f.c.id).where(f.c.task == task_id, f.c.name == name, f.c.deleted.is_(None))
    for file_id in conn.execute(here).scalars().all():
        conn.execute(insert(schema.preview).values(file=file_id, data=dict(data)))


def preview(conn: Connection, file_id: str) -> Mapping[str, Any] | None:
    rows: Mapping[str, Any] | None = conn.execute(
        select(schema.preview.c.data).where(schema.preview.c.file == file_id)
    ).scalar()
    return rows


def downloaded(conn: Connection, file_id: str, person: Person) -> None:
    """Records that this person downloaded it."""
    conn.execute(insert(schema.download).values(file=file_id, person=person.id, at=now()))


def downloads(conn: Connection, file_id: str, limit: int = 50) -> list[tuple[str, datetime]]:
    """Returns who downloaded it and when, the latest first."""
    w, p = schema.download, schema.person
    query = select(p.c.name, p.c.email, w.c.at).join(p, p.c.id == w.c.person).where(w.c.file == file_id)
    return [(row.name or row.email, row.at) for row in conn.execute(query.order_by(w.c.id.desc()).limit(limit))]


def forget(conn: Connection, file: File) -> None:
    """Marks a file as deleted; the caller removes the bytes after the commit."""
    conn.execute(update(f).where(f.c.id == file.id).values(deleted=now()))
    mark_changed(conn)


def replace(conn: Connection, task_id: int, name: str) -> list[str]:
    """Deletes an earlier attempt's file of this name; returns the storage names that the caller removes."""
    earlier = update(f).where(f.c.task == task_id, f.c.name == name, f.c.deleted.is_(None))
    return list(conn.execute(earlier.values(deleted=now()).returning(f.c.storage)).scalars())
