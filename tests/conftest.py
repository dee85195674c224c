"""A house on a database of its own, and browsers' clients for it: signed out, as staff, as admin."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.factories import make_person
from webapp.accounts import sessions
from webapp.db.migrate import bring_up_to_date
from webapp.installation import House, build
from webapp.ports import Person
from webapp.settings import Settings

ORIGIN = "http://testserver"


@pytest.fixture(scope="session")
def fresh_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database without anybody in it; copied, because migrating takes longer."""
    home = tmp_path_factory.mktemp("fresh")
    house = build(Settings(data_dir=home))
    bring_up_to_date(house.database)
    house.close()
    return home / "outtray.db"


@pytest.fixture
def settings(tmp_path: Path, fresh_database: Path) -> Settings:
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(fresh_database, data / "outtray.db")
    return Settings(data_dir=data, timezone="Europe/Madrid")


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    built = build(settings)
    built.look_for_changes()
    yield built
    built.close()


@pytest.fixture
def client(house: House) -> Iterator[TestClient]:
    """A browser that is signed out."""
    with _browser(house) as browser:
        yield browser


@pytest.fixture
def ana(house: House) -> Person:
    """Staff."""
    with house.write() as conn:
        return make_person(conn, house.settings, "ana@example.com", "Ana Ruiz")


@pytest.fixture
def root(house: House) -> Person:
    """An admin."""
    with house.write() as conn:
        return make_person(conn, house.settings, "root@example.com", "Rut Admin", role="admin")


@pytest.fixture
def signed_in(house: House, ana: Person) -> Iterator[TestClient]:
    """Ana's browser."""
    with _browser(house, ana) as browser:
        yield browser


@pytest.fixture
def admin(house: House, root: Person) -> Iterator[TestClient]:
    """The admin's browser."""
    with _browser(house, root) as browser:
        yield browser


def _browser(house: House, person: Person | None = None) -> TestClient:
    from webapp.app import create_app
    from webapp.web.http.cookies import COOKIE

    cookies = {}
    if person:
        with house.write() as conn:
            cookies[COOKIE] = sessions.start(conn, person.id)
    headers = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
    return TestClient(create_app(house), base_url=ORIGIN, cookies=cookies, headers=headers, follow_redirects=False)
