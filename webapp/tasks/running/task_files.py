"""The files of a running task."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from webapp.db.connect import mark_changed
from webapp.errors import NotFound, TaskError
from webapp.files import queries
from webapp.files.queries import NewFile
from webapp.files.store import StoredFile, safe_name
from webapp.ports.files import Attachment
from webapp.ports.people import Person
from webapp.tasks.model import Task
from webapp.tasks.patience import Patience
from webapp.tasks.resources import TaskResources
from webapp.tasks.transitions import fenced_update

ATTACHED_GONE = "An attached file no longer exists. Nothing was sent. Choose it again."
NO_ROOM = "There is no room left on the server's disk. No file was made. Ask an admin to make room, then press Retry."
LEAST_FREE_BYTES = 1 << 20


class TaskFiles:
    """ports.TaskFiles of one attempt of a task."""

    def __init__(self, resources: TaskResources, patience: Patience, task: Task, owner: Person) -> None:
        self._resources, self._patience = resources, patience
        self._task, self._owner = task, owner

    def attachment(self, file_id: str) -> Attachment:
        try:
            return self._resources.form_context(self._owner).attachment(file_id)
        except NotFound:
            raise TaskError(ATTACHED_GONE, cause="attachment-gone", fault="form") from None

    def made(self) -> Sequence[Attachment]:
        path = self._resources.store.path
        files = self._patience.read(lambda conn: queries.of_tasks(conn, [self._task.id]).get(self._task.id, []))
        made = [Attachment(one.id, one.name, one.media_type, one.size, path(one.storage)) for one in files]
        return [one for one in made if one.path.is_file()]

    def scratch(self) -> AbstractContextManager[Path]:
        return self._resources.store.unfinished()

    @contextmanager
    def new(self, name: str, media_type: str) -> Iterator[Path]:
        store = self._resources.store
        if store.free_bytes() < LEAST_FREE_BYTES:
            raise TaskError(NO_ROOM, permanent=False, cause="disk-full")
        with store.unfinished() as path:
            yield path
            stored = store.keep(path)
        try:
            replaced = self._patience.write(lambda conn: self._enter(conn, safe_name(name), media_type, stored))
        except BaseException:
            store.remove(stored.storage)
            raise
        for storage in replaced:
            store.remove(storage)

    def _enter(self, conn: Connection, name: str, media_type: str, stored: StoredFile) -> list[str]:
        """Enters the file; returns the storage names of those that it replaces."""
        task = self._task
        fenced_update(conn, task.id, task.attempt)
        replaced = queries.replace(conn, task.id, name)
        new = NewFile(
            task=task.id,
            owner=self._owner.id,
            name=name,
            media_type=media_type,
            stored=stored,
            keep_days=self._resources.settings.keep_files_days,
        )
        queries.add(conn, new)
        return [storage for storage in replaced if storage != stored.storage]

    def keep_preview(self, name: str, data: Mapping[str, Any]) -> None:
        def step(conn: Connection) -> None:
            fenced_update(conn, self._task.id, self._task.attempt)
            queries.keep_preview(conn, self._task.id, safe_name(name), data)

        self._patience.write(step)

    def keep_chart(self, chart: Mapping[str, Any]) -> None:
        def step(conn: Connection) -> None:
            fenced_update(conn, self._task.id, self._task.attempt, chart=dict(chart))
            mark_changed(conn)

        self._patience.write(step)
