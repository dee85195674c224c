"""Programs with Ana's token, with the admin's, and with none; nothing runs what they start."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from tests.web.programs import speak
from webapp.installation import House
from webapp.ports import Person


@pytest.fixture
def program(house: House, ana: Person) -> Iterator[TestClient]:
    with speak(house, ana) as client:
        yield client


@pytest.fixture
def admin_program(house: House, root: Person) -> Iterator[TestClient]:
    with speak(house, root) as client:
        yield client


@pytest.fixture
def stranger(house: House) -> Iterator[TestClient]:
    with speak(house, None) as client:
        yield client
