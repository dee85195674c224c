"""A person, and email tasks of any number of addresses."""

from collections.abc import Callable, Iterator

import pytest

from tests.factories import make_person
from webapp.installation import Installation
from webapp.ports.people import Person
from webapp.tasks import commands


@pytest.fixture
def ana(installation: Installation) -> Person:
    with installation.write() as conn:
        return make_person(conn, installation.settings)


@pytest.fixture
def start(installation: Installation, ana: Person) -> Iterator[Callable[[int], int]]:
    def start_email(number: int) -> int:
        kind = installation.kind("email")
        people = [f"p{n}@example.com" for n in range(number)]
        with installation.write() as conn:
            form = kind.form(to=people, subject="Hello", body="Hi")
            return commands.start(conn, installation.engine, kind, form, ana).id

    return start_email
