"""The files of a running task."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from webapp.db.connect import mark_changed
from webapp.errors import NotFound, TaskError
from webapp.files import queries
from webapp.files.store import safe_name
from webapp.ports.files import Attachment
from webapp.ports.people import Person
from webapp.tasks.model import Task
from webapp.tasks.resources import TaskResources
from webapp.tasks.transitions import fenced_update

ATTACHED_GONE = "A file that was to be attached is not here any more. Nothing was sent. Choose it again."
NO_ROOM = "There is no room left on the server's disk. No file was made. Ask an admin to make room, then press Retry."
LEAST_FREE_BYTES = 1 << 20


class TaskFiles:
    """ports.TaskFiles of one attempt of a task."""

    def __init__(self, resources: TaskResources, task: Task, owner: Person) -> None:
        self._resources, self._task, self._owner = resources, task, owner

    def attachment(self, file_id: str) -> Attachment:
        try:
            return self._resources.form_context(self._owner).attachment(file_id)
        except NotFound:
            raise TaskError(ATTACHED_GONE, cause="attachment-gone", fault="form") from None

    def made(self) -> Sequence[Attachment]:
        path = self._resources.store.path
        with self._resources.read() as conn:
            found = queries.of_tasks(conn, [self._task.id]).get(self._task.id, [])
        made = [Attachment(one.id, one.name, one.media_type, one.size, path(one.storage)) for one in found]
        return [one for one in made if one.path.is_file()]

    def scratch(self) -> AbstractContextManager[Path]:
        return self._resources.store.unfinished()

    @contextmanager
    def new(self, name: str, media_type: str) -> Iterator[Path]:
        store, task = self._resources.store, self._task
        if store.free_bytes() < LEAST_FREE_BYTES:
            raise TaskError(NO_ROOM, cause="disk-full")
        with store.unfinished() as path:
            yield path
            stored = store.keep(path)
        try:
            with self._resources.write() as conn:
                fenced_update(conn, task.id, task.attempt)
                replaced = queries.replace(conn, task.id, safe_name(name))
                days = self._resources.settings.keep_files_days
                queries.add(conn, task.id, self._owner.id, safe_name(name), media_type, stored, days)
        except BaseException:
            store.remove(stored.storage)
            raise
        for storage in replaced:
            store.remove(storage)

    def keep_preview(self, name: str, data: Mapping[str, Any]) -> None:
        with self._resources.write() as conn:
            fenced_update(conn, self._task.id, self._task.attempt)
            queries.keep_preview(conn, self._task.id, safe_name(name), data)

    def keep_chart(self, chart: Mapping[str, Any]) -> None:
        with self._resources.write() as conn:
            fenced_update(conn, self._task.id, self._task.attempt, chart=dict(chart))
            mark_changed(conn)
