"""Programs with Ana's token, with the admin's, and with none; nothing runs what they start."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from tests.web.programs import speak
from webapp.installation import Installation
from webapp.ports.people import Person


@pytest.fixture
def program(installation: Installation, ana: Person) -> Iterator[TestClient]:
    with speak(installation, ana) as client:
        yield client


@pytest.fixture
def admin_program(installation: Installation, root: Person) -> Iterator[TestClient]:
    with speak(installation, root) as client:
        yield client


@pytest.fixture
def stranger(installation: Installation) -> Iterator[TestClient]:
    with speak(installation, None) as client:
        yield client
