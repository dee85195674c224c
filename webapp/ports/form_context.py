"""What a kind may look at while a form is checked or rendered."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from webapp.ports.channels import Channel
from webapp.ports.files import Attachment
from webapp.ports.people import Person
from webapp.ports.tables import Parameter, SavedQuery, Table, TableSchema


class FormContext(Protocol):
    """What a kind may look at while a form is checked or drawn, on behalf of one person."""

    @property
    def person(self) -> Person: ...

    def table(self, upload_id: str) -> Table:
        """The person's own upload; NotFound where there is none."""

    def tables(self) -> Sequence[Table]:
        """The person's uploads, newest first, at most 20."""

    def channels(self) -> Sequence[Channel]:
        """The places that this person may send notifications to, by name, without their addresses."""

    def colleagues(self) -> Sequence[Person]:
        """Everybody who can sign in."""

    def query(self, query_id: str) -> SavedQuery:
        """A saved query that this person may use; NotFound for every other."""

    def queries(self) -> Sequence[SavedQuery]:
        """Those that this person may use, by name."""

    def choices(self, parameter: Parameter) -> tuple[Sequence[str], str]:
        """What may be chosen for it, or words that say why that is not known."""

    def ask(
        self, query_id: str, values: Mapping[str, str], target: Path, most: int, *, apart: bool = True
    ) -> TableSchema:
        """Writes at most `most` rows of a saved query as a typed copy, `apart`: in a child with limits.

        Raises UserError or FormErrors with a message that people can act on.
        """

    def judge(self, query_id: str, values: Mapping[str, str]) -> None:
        """FormErrors where the values do not fit the query."""

    def records(self, name: str, most: int | None = None) -> tuple[Sequence[str], Iterator[Sequence[Any]]]:
        """Returns the titles and the newest rows of the panel's own tasks or deliveries that this person may see."""

    def kept(self) -> Sequence[tuple[str, str, Table]]:
        """The person's data under a name: the id that always means today's, the name, and today's table."""

    def senders(self) -> Sequence[tuple[str, str]]:
        """Each mail server's id and who its mail comes from, the usual one first; empty where there is no choice."""

    def attachment(self, file_id: str) -> Attachment:
        """An upload, or a file of a task, that this person may have; NotFound where there is none any more."""

    def attachable(self) -> Sequence[Attachment]:
        """The newest files of this person's tasks, at most 10."""

    def unwanted(self, addresses: Sequence[str]) -> Sequence[str]:
        """Those of these addresses to which nobody may write."""
