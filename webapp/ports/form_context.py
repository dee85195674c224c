"""What a kind may read while a form is checked or rendered."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from webapp.ports.channels import Channel
from webapp.ports.files import Attachment
from webapp.ports.people import Person
from webapp.ports.tables import Parameter, SavedQuery, Table, TableSchema


class FormContext(Protocol):
    """What a kind may read while a form is checked or rendered, on behalf of one person."""

    @property
    def person(self) -> Person: ...

    def table(self, upload_id: str) -> Table:
        """Returns the person's own upload; raises NotFound if there is none."""

    def tables(self) -> Sequence[Table]:
        """Returns the person's uploads, newest first, at most 20."""

    def channels(self) -> Sequence[Channel]:
        """Returns the channels that this person may use, by name, without their URLs."""

    def colleagues(self) -> Sequence[Person]:
        """Returns all people who can sign in."""

    def query(self, query_id: str) -> SavedQuery:
        """Returns a saved query; raises NotFound if this person may not use it."""

    def queries(self) -> Sequence[SavedQuery]:
        """Returns the saved queries that this person may use, by name."""

    def choices(self, parameter: Parameter) -> tuple[Sequence[str], str]:
        """Returns the choices of a parameter, or a message that says why they are not known."""

    def fetch_query(
        self, query_id: str, values: Mapping[str, str], target: Path, most: int, *, apart: bool = True
    ) -> TableSchema:
        """Writes at most `most` rows of a saved query as a typed copy; `apart`: in a child process with limits.

        Raises UserError or FormErrors with a message that people can act on.
        """

    def check_query_values(self, query_id: str, values: Mapping[str, str]) -> None:
        """Raises FormErrors if the values do not fit the query."""

    def records(self, name: str, most: int | None = None) -> tuple[Sequence[str], Iterator[Sequence[Any]]]:
        """Returns the titles and the newest rows of the panel's own tasks or deliveries that this person may see."""

    def saved_data(self) -> Sequence[tuple[str, str, Table]]:
        """Returns the person's saved data: an id that always means the current table, the name, and that table."""

    def senders(self) -> Sequence[tuple[str, str]]:
        """Returns id and sender of each mail server, the default first; empty if there is no choice."""

    def attachment(self, file_id: str) -> Attachment:
        """Returns an upload or a task's file that this person may read; raises NotFound if it no longer exists."""

    def attachable(self) -> Sequence[Attachment]:
        """Returns the newest files of this person's tasks, at most 10."""

    def suppressed(self, addresses: Sequence[str]) -> Sequence[str]:
        """Returns those of these addresses that are on the suppression list."""
