"""Backup and restore: everything comes back, on either database, and nothing is sent by it."""

from pathlib import Path

import pytest

from tests import postgres
from tests.factories import make_person, make_task
from webapp.accounts import people
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
