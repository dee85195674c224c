"""The resources of the installation that running tasks and their processes use."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection

from webapp.db.connect import Database
from webapp.files.store import Store
from webapp.ports.engine import Engine
from webapp.ports.form_context import FormContext
from webapp.ports.kinds import Kind
from webapp.ports.people import Person
from webapp.ports.task_context import TaskConnections
from webapp.settings import Settings


class TaskResources(Protocol):
    """The installation, as far as tasks/ and engine/ use it."""

    settings: Settings
    database: Database
    data_dir: Path
    run_dir: Path
    store: Store

    @property
    def engine(self) -> Engine: ...

    @property
    def message_id(self) -> Callable[[int, int, str], str]:
        """The Message-ID of (task id, position, sender)."""

    def read(self) -> AbstractContextManager[Connection]: ...

    def write(self) -> AbstractContextManager[Connection]: ...

    def find_kind(self, name: str) -> Kind | None:
        """Returns None for a kind that is not installed: its tasks may still be in the database."""

    @property
    def note_kind(self) -> Kind:
        """The kind that mails people how their tasks ended."""

    def form_context(self, person: Person) -> FormContext: ...

    def connections(self, task_id: int, owner: Person, *, is_urgent: bool) -> TaskConnections: ...

    @property
    def has_mail_server(self) -> bool: ...

    def log_error(self, line: str) -> None:
        """Appends a line to the log file of the article, log.txt."""

    def close(self) -> None: ...


Build = Callable[[Settings], TaskResources]  # makes a process's own view of the installation
