"""The tables that a running task reads, with the rights of its owner."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from webapp.errors import NotFound, TaskError, UserError
from webapp.ports.people import Person
from webapp.ports.tables import SavedQuery, Table, TableSchema
from webapp.tasks.patience import Patience
from webapp.tasks.resources import TaskResources
from webapp.tasks.views import past_runs

DATA_GONE = "The data of this task no longer exists. Nothing was done. Choose a file again."


class TaskData:
    """ports.TaskData for the owner of a task."""

    def __init__(self, resources: TaskResources, patience: Patience, owner: Person) -> None:
        self._patience = patience
        self._form_context = resources.form_context(owner)
        self.max_rows = resources.settings.report_rows

    def table(self, upload_id: str) -> Table:
        try:
            return self._form_context.table(upload_id)
        except NotFound:
            raise TaskError(DATA_GONE, cause="upload-gone", fault="form") from None

    def query(self, query_id: str, values: Mapping[str, str], target: Path) -> tuple[SavedQuery, TableSchema]:
        try:
            # One row more than allowed, so that a too long result is noticed.
            return self._form_context.query(query_id), self._form_context.fetch_query(
                query_id, values, target, self.max_rows + 1, apart=False
            )
        except NotFound as error:
            raise TaskError(error.message, cause="query-gone", fault="form") from None
        except UserError as error:
            raise TaskError(f"{error.message} No file was made.", cause="query", fault="server") from None

    def records(self, name: str) -> tuple[Sequence[str], Iterator[Sequence[Any]]]:
        return self._form_context.records(name)

    def pace(self, name: str) -> float | None:
        return self._patience.read(lambda conn: past_runs.pace(conn, name))

    def keep_pace(self, name: str, seconds: float) -> None:
        self._patience.write(lambda conn: past_runs.keep_pace(conn, name, seconds))
