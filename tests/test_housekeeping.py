"""What has been kept long enough goes, what is still needed stays."""

import os
import time
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.factories import make_person, make_task
from webapp.db import schema
from webapp.db.types import now
from webapp.files import queries as files
from webapp.files import uploads
from webapp.files.store import Stored
from webapp.installation import House
from webapp.maintenance import retention
from webapp.ports import Person, Understood

LONG_AGO = timedelta(days=400)


@pytest.fixture
def ana(house: House) -> Person:
    with house.write() as conn:
        return make_person(conn, house.settings)


def _stored(house: House) -> Stored:
    with house.store.unfinished() as path:
        path.write_bytes(b"x")
        return house.store.keep(path)


def test_an_expired_file_goes_and_its_task_remembers_it(house: House, ana: Person):
    stored = _stored(house)
    with house.write() as conn:
        task_id = make_task(conn, ana)
        file_id = files.add(conn, task_id, ana.id, "report.xlsx", "x", stored, keep_days=-1)
    retention.clean(house)
    assert not house.store.path(stored.storage).exists()
    with house.read() as conn:
        assert files.one(conn, file_id, ana).deleted is not None
        assert files.of_tasks(conn, [task_id]) == {}


def test_an_old_task_goes_with_all_that_is_its_own(house: House, ana: Person):
    with house.write() as conn:
        old = make_task(conn, ana, finished=now() - LONG_AGO)
        kept = make_task(conn, ana)
        waiting = make_task(conn, ana, "waiting", created=now() - LONG_AGO)
    retention.clean(house)
    with house.read() as conn:
        left = set(conn.execute(select(schema.task.c.id)).scalars())
        lines = set(conn.execute(select(schema.task_line.c.task)).scalars())
    assert left == {kept, waiting}
    assert old not in lines


def test_an_old_upload_goes_unless_a_task_still_waits_for_it(house: House, ana: Person):
    understood = Understood(rows=0, columns=[])
    with house.write() as conn:
        ids = [uploads.add(conn, ana, "a.csv", _stored(house), understood) for _ in range(2)]
        conn.execute(update(schema.upload).values(created=now() - LONG_AGO))
        make_task(conn, ana, "held", form={"data": ids[0]})
    retention.clean(house)
    with house.read() as conn:
        assert [table.id for table in uploads.newest(conn, house.store, ana.id)] == [ids[0]]


def test_bytes_that_belong_to_nothing_go_after_a_day(house: House):
    young, old = _stored(house), _stored(house)
    long_ago = time.time() - 2 * retention.STRAY_SECONDS
    os.utime(house.store.path(old.storage), (long_ago, long_ago))
    retention.clean(house)
    assert house.store.path(young.storage).exists()
    assert not house.store.path(old.storage).exists()
