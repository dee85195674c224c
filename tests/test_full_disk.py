"""Each writer meets a disk that is full: nothing half-written stands under a final name, and what was there stays."""

import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import select

from tests.disks import Disk, small_disk
from tests.factories import make_file, make_person, make_task
from tests.identity.conftest import refused_process
from tests.mail.conftest import letter
from tests.serving import Serving
from webapp import atomic
from webapp.accounts import people
from webapp.db import schema
from webapp.db.connect import open_database
from webapp.db.migrate import bring_up_to_date
from webapp.errors import UserError
from webapp.files.store import Store
from webapp.identity import installation_id, secret_key
from webapp.installation import Installation, build
from webapp.mail.outbox import Outbox
from webapp.maintenance import backup
from webapp.maintenance.restore import restore
from webapp.notify import logfile
from webapp.reports.reading import typed_copy
from webapp.settings import Settings

FULL = r"No space|too large"
MUCH = b"x" * 300_000
Writer = Callable[[Path], None]


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path / "disk") as disk:
        yield disk


def a_key(folder: Path) -> None:
    secret_key.make(Settings(data_dir=folder))


def an_id(folder: Path) -> None:
    settings = Settings(data_dir=folder, database_url=f"sqlite:///{folder.parent / 'elsewhere.db'}")
    database = open_database(settings)
    bring_up_to_date(database)
    installation_id.establish(settings, database, b"k" * 32)


def an_outbox_message(folder: Path) -> None:
    reply = Outbox(folder).send(letter(body="x" * 100_000), "ana@example.com")
    assert reply.state == "later"
    raise OSError(reply.technical)


def a_stored_file(folder: Path) -> None:
    store = Store(folder / "files")
    with store.unfinished() as path, store.unfinished() as typed:
        typed.write_bytes(b"")
        path.write_bytes(MUCH)
        store.keep(path, {".parquet": typed})


def a_typed_copy(folder: Path) -> None:
    schema = pa.schema([("n", pa.int64())])
    with typed_copy.writing(folder / "typed.parquet", schema) as file:
        file.add(pa.record_batch([pa.array(range(200_000))], schema=schema))


def a_log_line(folder: Path) -> None:
    logfile.write(folder / "log.txt", "y" * 300_000)


def a_file_in_place_of_another(folder: Path) -> None:
    atomic.write(folder / "state", MUCH)


SMALL = [a_key, an_id]
LARGE = [an_outbox_message, a_stored_file, a_typed_copy, a_log_line, a_file_in_place_of_another]


def whole(folder: Path) -> dict[str, bytes]:
    """Every file but the lock of the database's writers, which is always empty."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "write.gate"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture
def used(disk: Disk) -> Disk:
    """With files that are there already."""
    for name in ("files/unfinished", "outbox"):
        (disk.folder / name).mkdir(parents=True)
    (disk.folder / "state").write_text("as it was")
    (disk.folder / "log.txt").write_text("a line\n")
    return disk


@pytest.mark.parametrize("write", [*SMALL, *LARGE])
def test_nothing_new_stands_under_a_final_name_where_nothing_fits(used: Disk, write: Writer):
    before = whole(used.folder)
    with used.full(), pytest.raises(OSError, match=FULL):
        write(used.folder)
    assert whole(used.folder) == before


@pytest.mark.parametrize("write", LARGE)
def test_nothing_half_written_stands_under_a_final_name_where_only_a_part_fits(used: Disk, write: Writer):
    before = whole(used.folder)
    with used.full(but=8192), pytest.raises(OSError, match=FULL):
        write(used.folder)
    assert whole(used.folder) == before


@pytest.mark.parametrize("write", SMALL)
def test_what_fits_is_whole(used: Disk, write: Writer):
    before = whole(used.folder)
    with used.full(but=8192):
        write(used.folder)
    new = {name: len(content) for name, content in whole(used.folder).items() if name not in before}
    assert new in ({"secret.key": 64}, {"installation.id": 32})


@pytest.fixture
def filled(installation: Installation, tmp_path) -> Path:
    """An archive with a file of 300 kB."""
    with installation.write() as conn:
        ana = make_person(conn, installation.settings)
        task = make_task(conn, ana)
        make_file(conn, installation.store, task, ana, tmp_path, body=bytes(range(256)) * 1200)
    backup.backup(installation, tmp_path / "backup.tar.gz")
    return tmp_path / "backup.tar.gz"


def test_a_backup_that_does_not_fit_leaves_the_one_before(disk: Disk, installation: Installation, filled: Path):
    target = disk.folder / "backup.tar.gz"
    target.write_bytes(b"the one before")
    with installation.write() as conn:
        task = conn.execute(select(schema.task.c.id)).scalar_one()
        ana = people.by_id(conn, installation.settings, conn.execute(select(schema.person.c.id)).scalar_one())
        make_file(conn, installation.store, task, ana, disk.folder.parent, body=os.urandom(300_000))
    with disk.full(but=8192), pytest.raises(OSError, match=FULL):
        backup.backup(installation, target)
    assert whole(disk.folder) == {"backup.tar.gz": b"the one before"}


def test_a_restore_that_does_not_fit_leaves_no_file_and_the_key_that_was_there(
    disk: Disk, installation: Installation, filled: Path
):
    url = f"sqlite:///{disk.folder.parent / 'elsewhere.db'}"
    empty = build(Settings(data_dir=disk.folder / "data", database_url=url))
    (empty.data_dir / secret_key.NAME).write_bytes((installation.data_dir / secret_key.NAME).read_bytes())
    bring_up_to_date(empty.database)
    before = whole(disk.folder)
    with disk.full(but=8192), pytest.raises((OSError, UserError)):
        restore(empty.settings, empty.database, filled)
    assert whole(disk.folder) == before
    assert restore(empty.settings, empty.database, filled)["person"] == 1


@pytest.mark.parametrize("room", [0, 16_384, 131_072])
def test_a_first_start_on_a_full_disk_is_refused_and_the_next_one_works(disk: Disk, tmp_path, room: int):
    panel = Serving(tmp_path, OUTTRAY_DATA_DIR=str(disk.folder / "data"))
    panel.data = disk.folder / "data"
    with disk.full(but=room):
        refused_process(panel, "serve")
        key = panel.data / secret_key.NAME
        assert not key.exists() or len(key.read_text()) == 64
    panel.start()
    assert len(key.read_text()) == 64
    assert panel.stop() < 12
