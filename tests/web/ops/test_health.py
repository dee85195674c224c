"""Alive and ready, without a token."""

import os

import pytest
from sqlalchemy import text

from tests.web.programs import done, refused
from webapp.engine.worker_locks import WorkerLock, new_worker
from webapp.settings import QUEUES, Settings


@pytest.fixture
def slots(installation):
    """A living slot for each queue; gives their locks by queue."""
    locks = {}
    for queue in QUEUES:
        locks[queue] = WorkerLock(installation.run_dir, new_worker(queue))
        locks[queue].take()
    yield locks
    for lock in locks.values():
        lock.release()


def test_the_web_is_alive_whatever_else_is(stranger):
    assert done(stranger.get("/healthz")) == {"status": "alive"}


def test_it_is_ready_when_everything_is_there(stranger, slots):
    answer = stranger.get("/readyz")
    assert done(answer) == {"status": "ready"}
    assert answer.headers["cache-control"] == "no-store"


def test_a_queue_without_a_living_slot_is_named(stranger, slots):
    slots["mail"].release()
    answer = stranger.get("/readyz")
    assert refused(answer, 503).keys() == {"slots"}
    assert answer.json()["detail"] == "Not ready: slots."


def test_the_lock_of_a_slot_that_died_proves_nothing(stranger, slots, installation):
    for path in installation.run_dir.glob("*-reports-*.lock"):
        path.unlink()
        path.touch()
    assert refused(stranger.get("/readyz"), 503).keys() == {"slots"}


def test_a_queue_that_nobody_wants_needs_no_slot(stranger, slots, installation):
    object.__setattr__(
        installation, "settings", Settings(**installation.settings.model_dump() | {"slots": {"mail": 0, "quick": 1}})
    )
    slots["mail"].release()
    assert done(stranger.get("/readyz"))


def test_the_web_alone_needs_no_slots(stranger):
    stranger.app.state.needs_slots = False
    assert done(stranger.get("/readyz"))


def test_a_broken_database_is_named(stranger, slots, installation):
    with installation.write() as conn:
        conn.execute(text("alter table version rename to gone"))
    assert refused(stranger.get("/readyz"), 503).keys() == {"database"}
    assert done(stranger.get("/healthz"))


def test_a_data_directory_that_is_gone_is_named(stranger, slots, installation):
    aside = installation.data_dir.with_name("aside")
    os.rename(installation.data_dir, aside)
    try:
        assert "data directory" in refused(stranger.get("/readyz"), 503)
    finally:
        os.rename(aside, installation.data_dir)


def test_nothing_is_left_behind_by_looking(stranger, slots, installation):
    before = sorted(path.name for path in installation.data_dir.iterdir())
    done(stranger.get("/readyz"))
    assert sorted(path.name for path in installation.data_dir.iterdir()) == before
