"""What running tasks, and the processes that run them, need of the house around them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection

from webapp.db.connect import Database
from webapp.files.store import Store
from webapp.ports import (
    Admission,
    Attachment,
    Channel,
    Desk,
    Engine,
    Kind,
    MailTarget,
    Person,
    SavedQuery,
    Table,
    Understood,
)
from webapp.settings import Settings


class Workshop(Protocol):
    """The house, as far as tasks/ knows it."""

    settings: Settings
    database: Database
    data_dir: Path
    run_dir: Path
    store: Store

    @property
    def engine(self) -> Engine: ...

    @property
    def keep_files_days(self) -> int: ...

    @property
    def retry_seconds(self) -> Sequence[int]: ...

    def read(self) -> AbstractContextManager[Connection]: ...

    def write(self) -> AbstractContextManager[Connection]: ...

    def kind(self, name: str) -> Kind: ...

    def owner(self, person_id: int) -> Person: ...

    def table_of(self, person_id: int, upload_id: str) -> Table: ...

    def attachment_of(self, person: Person, file_id: str) -> Attachment: ...

    def mail_server(self, chosen: str = "", *, is_urgent: bool = False) -> AbstractContextManager[MailTarget]: ...

    def place(self, name: str, number: int) -> AbstractContextManager[Admission]: ...

    def message_id(self, task_id: int, position: int, sender: str) -> str: ...

    def ask(
        self, person: Person, query_id: str, values: Mapping[str, str], target: Path
    ) -> tuple[SavedQuery, Understood]: ...

    def records(self, person: Person, name: str) -> tuple[Sequence[str], Iterator[Sequence[Any]]]: ...

    def desk(self, person: Person) -> Desk: ...

    def channel(self, person: Person, channel_id: str) -> Channel: ...

    @property
    def has_mail_server(self) -> bool: ...

    @property
    def address(self) -> str: ...

    def unsubscribe_links(self, task_id: int) -> Callable[[str], str]: ...

    def log_error(self, line: str) -> None: ...

    def close(self) -> None: ...


Build = Callable[[Settings], Workshop]  # puts a process's own house together
