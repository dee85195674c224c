"""Nothing in a data directory is open to other users of the machine, whatever their umask and whatever came before."""

import os
import stat
from pathlib import Path

import pytest

from tests.identity.conftest import refused
from tests.serving import Serving, start_task, wait_ended
from webapp.engine.wakeup import Wakeup, socket_folder
from webapp.identity import data_dir
from webapp.settings import Settings


@pytest.fixture(autouse=True)
def careless():
    """A umask by which everybody may read and write."""
    before = os.umask(0o000)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    """What has another mode than 0700 (directories) or 0600 (all else)."""
    found = [folder, *folder.rglob("*")]
    modes = {path: path.lstat().st_mode for path in found if os.path.lexists(path)}
    wrong = {
        path: mode for path, mode in modes.items() if stat.S_IMODE(mode) != (0o700 if stat.S_ISDIR(mode) else 0o600)
    }
    return sorted(f"{path.relative_to(folder)} {oct(mode)}" for path, mode in wrong.items())


def wanted(mode: int) -> int:
    return 0o700 if stat.S_ISDIR(mode) else 0o600


def use(panel: Serving) -> None:
    """Everything that makes files: an upload, a report, an email to the outbox, a notification, a failure."""
    client = panel.client()
    table = {"file": ("people.csv", b"Name,Age\nAna,40\nBen,50\n")}
    upload = client.post("/api/v1/uploads", files=table).json()["id"]
    started = [
        start_task(client, "report", {"data": upload, "format": "xlsx"}),
        start_task(client, "email", {"to": "ana@example.com", "subject": "Hello", "body": "Hi"}),
        start_task(client, "notification", {"message": "Hello", "channels": ["log"]}),
        start_task(client, "self-test", {"fail": True}),
    ]
    assert [wait_ended(client, one)["state"] for one in started] == ["done", "attention", "done", "failed"]


def test_a_used_data_directory_is_its_owners_only_and_one_of_an_older_version_is_corrected(panel: Serving):
    panel.start()
    use(panel)
    assert open_to_others(panel.data) == []
    made = {path.suffix for path in panel.data.rglob("*")}
    assert {".lock", ".eml", ".parquet", ".key", ".txt", ".id"} <= made
    sockets = list(socket_folder(panel.data / "run").glob("*.sock"))
    assert {stat.S_IMODE(path.lstat().st_mode) for path in sockets} == {0o600}
    panel.stop()
    assert open_to_others(panel.data) == []
    for path in [panel.data, *panel.data.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    panel.start()
    assert open_to_others(panel.data) == []


def test_what_is_not_ours_stays_as_it_is(tmp_path):
    script = tmp_path / "backup.sh"
    script.touch()
    script.chmod(0o755)
    (tmp_path / "files").mkdir(0o755)
    (tmp_path / "files" / "link").symlink_to(script)
    data_dir.correct_modes(Settings(data_dir=tmp_path))
    assert stat.S_IMODE(script.stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "files").stat().st_mode) == 0o700


def test_a_directory_of_everybodys_stays_so(tmp_path):
    tmp_path.chmod(0o1777)
    data_dir.prepare(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o1777


def test_sockets_of_a_long_path_are_private_too(tmp_path):
    folder = socket_folder(tmp_path / ("x" * 120))
    assert folder.parent != tmp_path
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    listener = Wakeup(tmp_path / ("x" * 120)).listen("quick", "host-quick-12345678")
    assert open_to_others(folder) == []
    listener.close()
    folder.rmdir()


def test_a_data_directory_that_is_a_file_is_refused_in_one_line(on_sqlite: Serving):
    on_sqlite.data.touch()
    assert str(on_sqlite.data) in refused(on_sqlite, "serve")
