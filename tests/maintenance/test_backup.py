"""Backup and restore: everything comes back, on either database, and nothing is sent by it."""

from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from tests import postgres
from tests.factories import make_person, make_task
from webapp.accounts import people
from webapp.db import schema
from webapp.db.migrate import bring_up_to_date
from webapp.errors import UserError
from webapp.files import queries as files
from webapp.files.queries import NewFile
from webapp.identity import secret_key
from webapp.installation import Installation, build
from webapp.maintenance import backup
from webapp.maintenance.restore import restore
from webapp.settings import Settings
from webapp.tasks import commands, queries
from webapp.tasks.model import State


@pytest.fixture
def filled(installation: Installation) -> Installation:
    with installation.write() as conn:
        ana = make_person(conn, installation.settings, "ana@example.com")
        done = make_task(conn, ana, "done")
        make_task(conn, ana, "waiting", title="Überfällig – ñ")
        make_task(conn, ana, "running", worker="gone")
    with installation.store.unfinished() as path:
        path.write_bytes(b"report")
        stored = installation.store.keep(path)
    with installation.write() as conn:
        new = NewFile(
            task=done, owner=ana.id, name="report.xlsx", media_type="application/x", stored=stored, keep_days=30
        )
        files.add(conn, new)
    return installation


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path, installation: Installation) -> Installation:
    url = postgres.new_database() if request.param == "postgresql" else ""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / secret_key.NAME).write_text(installation.key.hex())
    return build(Settings(data_dir=tmp_path / "other", database_url=url))


def restored(target: Installation, path: Path) -> dict[str, int]:
    """Restores into an installation that has the key of the backup."""
    return restore(target.settings, target.database, path)


def test_everything_comes_back_and_what_waited_is_held(filled: Installation, empty: Installation, tmp_path: Path):
    backup.backup(filled, tmp_path / "backup.tar.gz")
    numbers = restored(empty, tmp_path / "backup.tar.gz")
    assert (numbers["task"], numbers["person"], numbers["file"]) == (3, 1, 1)
    with empty.read() as conn:
        tasks = queries.recent(conn, queries.View(None))
    assert {task.title for task in tasks} >= {"Überfällig – ñ"}
    assert sorted(task.state for task in tasks) == [State.DONE, State.HELD, State.HELD]
    [file] = next(task.files for task in tasks if task.files)
    assert empty.store.path(file.storage).read_bytes() == b"report"


def test_a_restored_panel_goes_on_counting_and_a_held_task_can_be_released(
    filled: Installation, empty: Installation, tmp_path: Path
):
    backup.backup(filled, tmp_path / "backup.tar.gz")
    restored(empty, tmp_path / "backup.tar.gz")
    with empty.read() as conn:
        held = queries.recent(conn, queries.View(None, states=[State.HELD]))[0]
        owner = people.by_id(conn, empty.settings, held.owner)
    with empty.write() as conn:
        commands.release(conn, empty.engine, held, owner)
        fresh = make_task(conn, owner, "done")
    assert fresh > held.id
    with empty.read() as conn:
        assert queries.one(conn, held.id, owner).state is State.WAITING


def test_a_restore_does_not_touch_a_panel_that_is_there(filled: Installation, tmp_path: Path):
    backup.backup(filled, tmp_path / "backup.tar.gz")
    with pytest.raises(UserError, match="a panel here already"):
        restored(filled, tmp_path / "backup.tar.gz")


@pytest.mark.parametrize("damage", ["cut", "other", "nothing"])
def test_a_damaged_archive_is_refused_and_leaves_nothing(
    filled: Installation, empty: Installation, tmp_path: Path, damage: str
):
    path = tmp_path / "backup.tar.gz"
    backup.backup(filled, path)
    whole = path.read_bytes()
    path.write_bytes({"cut": whole[: len(whole) // 2], "other": b"hello" * 99, "nothing": b""}[damage])
    with pytest.raises(UserError, match="not a whole backup"):
        restored(empty, path)
    bring_up_to_date(empty.database)
    with empty.read() as conn:
        assert queries.recent(conn, queries.View(None)) == []


def test_a_backup_that_cannot_be_finished_leaves_no_half_file(filled: Installation, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(backup, "_add_files", lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        backup.backup(filled, tmp_path / "backup.tar.gz")
    assert not list(tmp_path.glob("backup*"))


@pytest.mark.parametrize("what", ["missing", "damaged"])
def test_a_file_that_is_not_whole_is_named_and_the_rest_comes_back(
    filled: Installation, empty: Installation, tmp_path: Path, what: str
):
    with filled.read() as conn:
        storage = conn.execute(select(schema.file.c.storage)).scalar_one()
    if what == "missing":
        filled.store.remove(storage)
    else:
        filled.store.path(storage).write_bytes(b"rotten")
    report = backup.backup(filled, tmp_path / "backup.tar.gz")
    assert (report.files, report.rows) == (["report.xlsx"], [])
    assert restored(empty, tmp_path / "backup.tar.gz")["file"] == 1
    assert not empty.store.path(storage).exists()


def test_a_file_that_goes_while_the_backup_is_written_does_not_spoil_it(
    filled: Installation, empty: Installation, tmp_path: Path, monkeypatch
):
    real = backup._add_key

    def expired(writer, installation):
        for name, _ in installation.store.names():
            installation.store.remove(name)
        real(writer, installation)

    monkeypatch.setattr(backup, "_add_key", expired)
    backup.backup(filled, tmp_path / "backup.tar.gz")
    assert restored(empty, tmp_path / "backup.tar.gz")["file"] == 1


def test_a_row_that_could_not_be_restored_is_named(filled: Installation, tmp_path: Path):
    with filled.write() as conn:
        conn.execute(update(schema.person).values(role="king"))
    report = backup.backup(filled, tmp_path / "backup.tar.gz")
    assert report.rows == ["person 1: “role”: 'king' is none of its values"]


def test_ids_of_rows_that_were_deleted_before_the_backup_are_not_given_again(
    filled: Installation, empty: Installation, tmp_path: Path
):
    with filled.write() as conn:
        owner = people.by_id(conn, filled.settings, conn.execute(select(schema.person.c.id)).scalar_one())
        newest = make_task(conn, owner, "done")
        conn.execute(delete(schema.task).where(schema.task.c.id == newest))
    backup.backup(filled, tmp_path / "backup.tar.gz")
    restored(empty, tmp_path / "backup.tar.gz")
    with empty.write() as conn:
        assert make_task(conn, owner, "done") > newest
