"""An installation with its own database, and clients for it: signed out, as staff, as admin."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.factories import make_person
from webapp.accounts import sessions
from webapp.clock import OFFSET_FILE
from webapp.db.migrate import bring_up_to_date
from webapp.installation import Installation, build
from webapp.ports.people import Person
from webapp.settings import Settings

ORIGIN = "http://testserver"


@pytest.fixture(scope="session")
def fresh_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite database; tests copy it, because a migration takes longer."""
    home = tmp_path_factory.mktemp("fresh")
    installation = build(Settings(data_dir=home))
    bring_up_to_date(installation.database)
    installation.close()
    return home / "outtray.db"


@pytest.fixture
def settings(tmp_path: Path, fresh_database: Path) -> Settings:
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(fresh_database, data / "outtray.db")
    return Settings(data_dir=data, timezone="Europe/Madrid")


@pytest.fixture
def installation(settings: Settings) -> Iterator[Installation]:
    built = build(settings)
    built.look_for_changes()
    yield built
    built.close()


@pytest.fixture
def client(installation: Installation) -> Iterator[TestClient]:
    """A browser that is signed out."""
    with _browser(installation) as browser:
        yield browser


@pytest.fixture
def ana(installation: Installation) -> Person:
    """Staff."""
    with installation.write() as conn:
        return make_person(conn, installation.settings, "ana@example.com", "Ana Ruiz")


@pytest.fixture
def set_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the wall clock of this process and its children so many seconds ahead of this machine's."""
    offset = tmp_path / "clock-offset"

    def set_to(seconds: float) -> None:
        fresh = offset.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.replace(offset)

    monkeypatch.setenv(OFFSET_FILE, str(offset))
    return set_to


@pytest.fixture
def root(installation: Installation) -> Person:
    """An admin."""
    with installation.write() as conn:
        return make_person(conn, installation.settings, "root@example.com", "Rut Admin", role="admin")


@pytest.fixture
def signed_in(installation: Installation, ana: Person) -> Iterator[TestClient]:
    """Ana's browser."""
    with _browser(installation, ana) as browser:
        yield browser


@pytest.fixture
def admin(installation: Installation, root: Person) -> Iterator[TestClient]:
    """The admin's browser."""
    with _browser(installation, root) as browser:
        yield browser


def _browser(installation: Installation, person: Person | None = None) -> TestClient:
    from webapp.app import create_app
    from webapp.web.http.cookies import COOKIE

    cookies = {}
    if person:
        with installation.write() as conn:
            cookies[COOKIE] = sessions.start(conn, person.id)
    headers = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
    return TestClient(
        create_app(installation), base_url=ORIGIN, cookies=cookies, headers=headers, follow_redirects=False
    )
