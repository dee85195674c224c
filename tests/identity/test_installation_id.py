"""Data directory and database are one installation: neither is used with that of another, and no start loses the id."""

import subprocess
import sys
from unittest import mock

import pytest
from sqlalchemy import delete, select

from tests import postgres
from tests.identity.conftest import another, outtray, refused, refused_process, use
from tests.serving import Serving
from webapp.db import schema
from webapp.db.connect import open_database
from webapp.db.migrate import bring_up_to_date
from webapp.errors import UserError
from webapp.identity import installation_id, secret_key
from webapp.identity.installation_id import NAME, PROPOSED
from webapp.settings import Settings

COMMANDS = [
    ["serve", "--port", "0"],
    ["web", "--port", "0"],
    ["worker"],
    ["migrate"],
    ["user", "list"],
    ["backup", "backup.tar.gz"],
    ["restore", "backup.tar.gz"],
    ["check"],
]


def uuid_of(panel: Serving) -> str:
    return (panel.data / NAME).read_text().strip()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_new_data_directory_beside_an_old_database_is_refused_and_gets_no_key(
    on_postgresql: Serving, tmp_path, command: list[str]
):
    use(on_postgresql)
    other = another(tmp_path / "other", on_postgresql.env["OUTTRAY_DATABASE_URL"])
    line = refused(other, *command)
    assert uuid_of(on_postgresql) in line
    assert str(other.data) in line
    assert line.endswith("if it is lost, run: outtray adopt")
    assert not (other.data / secret_key.NAME).exists()
    assert outtray(on_postgresql, "user", "list").startswith("root@example.com")


def test_the_same_as_a_process(on_postgresql: Serving, tmp_path):
    use(on_postgresql)
    other = another(tmp_path / "other", on_postgresql.env["OUTTRAY_DATABASE_URL"])
    assert uuid_of(on_postgresql) in refused_process(other, "serve")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_the_data_directory_of_another_installation_is_refused(on_postgresql: Serving, tmp_path, command: list[str]):
    use(on_postgresql)
    other = another(tmp_path / "other")
    use(other)
    other.env["OUTTRAY_DATABASE_URL"] = on_postgresql.env["OUTTRAY_DATABASE_URL"]
    line = refused(other, *command)
    assert uuid_of(on_postgresql) in line
    assert uuid_of(other) in line
    assert "OUTTRAY_DATA_DIR" in line


def test_an_emptied_database_is_refused_and_named(on_sqlite: Serving):
    use(on_sqlite)
    uuid = uuid_of(on_sqlite)
    for path in on_sqlite.data.glob("outtray.db*"):
        path.unlink()
    line = refused(on_sqlite, "serve", "--port", "0")
    assert uuid in line
    assert "the database is new" in line


def test_a_new_database_beside_an_old_data_directory_is_refused(on_sqlite: Serving):
    use(on_sqlite)
    uuid = uuid_of(on_sqlite)
    with mock.patch.dict(on_sqlite.env, OUTTRAY_DATABASE_URL=postgres.new_database()):
        assert uuid in refused(on_sqlite, "migrate")
    outtray(on_sqlite, "user", "list")


def test_an_installation_of_a_version_without_ids_gets_one_at_its_first_start(panel: Serving):
    use(panel)
    (panel.data / NAME).unlink()
    _forget_id(panel)
    panel.start()
    assert (panel.data / NAME).read_text().strip() == _stored_id(panel)
    assert outtray(panel, "user", "list").startswith("root@example.com")


@pytest.mark.parametrize("damaged", ["", "x", "0" * 31, "0" * 33, "ÿ" * 32])
def test_a_damaged_id_is_refused(on_sqlite: Serving, damaged: str):
    use(on_sqlite)
    (on_sqlite.data / NAME).write_text(damaged)
    for command in (["serve", "--port", "0"], ["check"]):
        assert refused(on_sqlite, *command).startswith(f"{on_sqlite.data / NAME} does not hold the id")


def test_processes_that_start_at_once_create_one_installation(panel: Serving):
    command = [sys.executable, "-m", "webapp", "user", "list"]
    started = [
        subprocess.Popen(command, env=panel.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(4)
    ]
    said = [one.communicate(timeout=120)[0] for one in started]
    assert [one.returncode for one in started] == [0] * 4, said
    assert (panel.data / NAME).read_text().strip() == _stored_id(panel)
    assert not (panel.data / PROPOSED).exists()


def test_a_creation_that_was_broken_off_before_the_database_is_finished(panel: Serving):
    panel.data.mkdir(exist_ok=True)
    (panel.data / NAME).unlink(missing_ok=True)
    _forget_id(panel)
    (panel.data / PROPOSED).write_text("a" * 32)
    outtray(panel, "user", "list")
    assert (panel.data / NAME).read_text() == _stored_id(panel) == "a" * 32


def test_a_creation_that_was_broken_off_after_the_database_is_finished(panel: Serving):
    use(panel)
    uuid = uuid_of(panel)
    (panel.data / NAME).replace(panel.data / PROPOSED)
    outtray(panel, "user", "list")
    assert (panel.data / NAME).read_text().strip() == uuid
    assert not (panel.data / PROPOSED).exists()


def test_the_proposal_of_another_creation_changes_nothing(panel: Serving):
    use(panel)
    uuid = uuid_of(panel)
    (panel.data / PROPOSED).write_text("b" * 32)
    outtray(panel, "user", "list")
    assert (panel.data / NAME).read_text().strip() == uuid


def test_adopt_lets_a_new_data_directory_go_on_with_an_old_database(on_postgresql: Serving, tmp_path):
    use(on_postgresql)
    uuid = uuid_of(on_postgresql)
    other = another(tmp_path / "other", on_postgresql.env["OUTTRAY_DATABASE_URL"])
    assert outtray(other, "adopt").startswith("Data directory, database and key belong together now.")
    assert (other.data / NAME).read_text() == uuid
    assert outtray(other, "check") == "Nothing is wrong."
    assert "is not the key" in refused(on_postgresql, "user", "list")


def test_adopt_lets_a_data_directory_go_on_with_a_new_database(on_sqlite: Serving):
    use(on_sqlite)
    uuid = uuid_of(on_sqlite)
    for path in on_sqlite.data.glob("outtray.db*"):
        path.unlink()
    outtray(on_sqlite, "adopt")
    outtray(on_sqlite, "user", "list")
    assert _stored_id(on_sqlite) == uuid


def test_a_restored_installation_is_another_one_and_starts(panel: Serving, database_url: str, tmp_path):
    panel.env["OUTTRAY_BACKUP_PASSPHRASE"] = "passphrase of the office"
    use(panel)
    uuid = uuid_of(panel)
    outtray(panel, "backup", str(tmp_path / "backup.tar.gz"))
    other = another(tmp_path / "other", postgres.new_database() if database_url else "")
    other.env["OUTTRAY_BACKUP_PASSPHRASE"] = "passphrase of the office"
    outtray(other, "restore", str(tmp_path / "backup.tar.gz"))
    assert outtray(other, "check") == "Nothing is wrong."
    assert (other.data / secret_key.NAME).read_bytes() == (panel.data / secret_key.NAME).read_bytes()
    assert (other.data / NAME).read_text().strip() != uuid


def test_two_new_data_directories_on_one_new_database_are_not_both_accepted(tmp_path):
    url = postgres.new_database()
    both = [Settings(data_dir=tmp_path / name, database_url=url) for name in ("a", "b")]
    for settings in both:
        settings.data_dir.mkdir()
    bring_up_to_date(open_database(both[0]))
    installation_id.establish(both[0], open_database(both[0]), b"k" * 32)
    with pytest.raises(UserError, match="is new"):
        installation_id.establish(both[1], open_database(both[1]), b"k" * 32)
    assert list((tmp_path / "b").iterdir()) == []


def _settings(panel: Serving) -> Settings:
    return Settings(data_dir=panel.data, database_url=panel.env["OUTTRAY_DATABASE_URL"])


def _stored_id(panel: Serving) -> str:
    database = open_database(_settings(panel))
    with database.read() as conn:
        uuid: str = conn.execute(select(schema.installation.c.uuid)).scalar_one()
    database.close()
    return uuid


def _forget_id(panel: Serving) -> None:
    """The database as a version without ids has left it."""
    database = open_database(_settings(panel))
    bring_up_to_date(database)
    with database.write(lambda number: None) as conn:
        conn.execute(delete(schema.installation))
    database.close()
