"""Somebody, and email tasks of any number of addresses."""

from collections.abc import Callable, Iterator

import pytest

from tests.factories import make_person
from webapp.installation import House
from webapp.ports import Person
from webapp.tasks import commands


@pytest.fixture
def ana(house: House) -> Person:
    with house.write() as conn:
        return make_person(conn, house.settings)


@pytest.fixture
def start(house: House, ana: Person) -> Iterator[Callable[[int], int]]:
    def start_email(number: int) -> int:
        kind = house.kind("email")
        people = [f"p{n}@example.com" for n in range(number)]
        with house.write() as conn:
            form = kind.form(to=people, subject="Hello", body="Hi")
            return commands.start(conn, house.engine, kind, form, ana).id

    return start_email
