"""An accounts room on each database, without the rest of the house."""

from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest
from sqlalchemy import Connection

from tests import postgres
from webapp.accounts import people
from webapp.accounts.people import NewPerson
from webapp.db.connect import Database
from webapp.db.migrate import bring_up_to_date
from webapp.ports.people import Person
from webapp.settings import Settings


class Room:
    """A database with its settings; `changes` counts the commits that pages were to notice."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = Database(settings.database, settings.data_dir / "write.gate")
        self.changes = 0

    def read(self) -> AbstractContextManager[Connection]:
        return self.database.read()

    def write(self) -> AbstractContextManager[Connection]:
        return self.database.write(self._committed)

    def add(
        self, email: str = "ana@example.com", name: str = "Ana Ruiz", role: str = "staff", stored: str = "x"
    ) -> Person:
        with self.write() as conn:
            new = NewPerson(email=email, name=name, role=role, password_hash=stored)
            return people.add(conn, self.settings, new)

    def _committed(self, number: int | None) -> None:
        self.changes += number is not None


@pytest.fixture(params=["sqlite", "postgresql"])
def room(request: pytest.FixtureRequest, tmp_path) -> Iterator[Room]:
    url = postgres.new_database() if request.param == "postgresql" else ""
    made = Room(Settings(data_dir=tmp_path, database_url=url, timezone="Europe/Madrid", undo_seconds=7))
    bring_up_to_date(made.database)
    made.changes = 0
    yield made
    made.database.close()
