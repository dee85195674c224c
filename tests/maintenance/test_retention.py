"""What has been kept long enough goes, what is still needed stays."""

import os
import time
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.factories import make_person, make_task
from webapp.clock import now
from webapp.db import schema
from webapp.files import queries as files
from webapp.files import uploads
from webapp.files.queries import NewFile
from webapp.files.store import StoredFile
from webapp.installation import Installation
from webapp.maintenance import retention
from webapp.ports.people import Person
from webapp.ports.tables import TableSchema

LONG_AGO = timedelta(days=400)


@pytest.fixture
def ana(installation: Installation) -> Person:
    with installation.write() as conn:
        return make_person(conn, installation.settings)


def _stored(installation: Installation) -> StoredFile:
    with installation.store.unfinished() as path:
        path.write_bytes(b"x")
        return installation.store.keep(path)


def test_an_expired_file_goes_and_its_task_remembers_it(installation: Installation, ana: Person):
    stored = _stored(installation)
    with installation.write() as conn:
        task_id = make_task(conn, ana)
        new = NewFile(task=task_id, owner=ana.id, name="report.xlsx", media_type="x", stored=stored, keep_days=-1)
        file_id = files.add(conn, new)
    retention.clean(installation)
    assert not installation.store.path(stored.storage).exists()
    with installation.read() as conn:
        assert files.one(conn, file_id, ana).deleted is not None
        assert files.of_tasks(conn, [task_id]) == {}


def test_an_old_task_goes_with_all_that_is_its_own(installation: Installation, ana: Person):
    with installation.write() as conn:
        old = make_task(conn, ana, finished=now() - LONG_AGO)
        kept = make_task(conn, ana)
        waiting = make_task(conn, ana, "waiting", created=now() - LONG_AGO)
    retention.clean(installation)
    with installation.read() as conn:
        left = set(conn.execute(select(schema.task.c.id)).scalars())
        lines = set(conn.execute(select(schema.task_line.c.task)).scalars())
    assert left == {kept, waiting}
    assert old not in lines


def test_an_old_upload_goes_unless_a_task_still_waits_for_it(installation: Installation, ana: Person):
    empty = TableSchema(rows=0, columns=[])
    with installation.write() as conn:
        ids = [uploads.add(conn, ana, "a.csv", _stored(installation), empty) for _ in range(2)]
        conn.execute(update(schema.upload).values(created=now() - LONG_AGO))
        make_task(conn, ana, "held", form={"data": ids[0]})
    retention.clean(installation)
    with installation.read() as conn:
        assert [table.id for table in uploads.newest(conn, installation.store, ana.id)] == [ids[0]]


def test_bytes_that_belong_to_nothing_go_after_a_day(installation: Installation):
    young, old = _stored(installation), _stored(installation)
    long_ago = time.time() - 2 * retention.STRAY_SECONDS
    os.utime(installation.store.path(old.storage), (long_ago, long_ago))
    retention.clean(installation)
    assert installation.store.path(young.storage).exists()
    assert not installation.store.path(old.storage).exists()
