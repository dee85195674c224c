"""One writer at a time passes, also when the lock file vanishes while writers wait for it."""

import threading

import pytest

from tests.waiting import until
from webapp.db.write_lock import WriteLock


class Writer:
    """A writer as another process is one: it has a lock object of its own."""

    def __init__(self, path):
        self.is_inside, self.may_leave = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._run, args=(WriteLock(path),), daemon=True)
        self.thread.start()

    def _run(self, lock: WriteLock) -> None:
        with lock.passed():
            self.is_inside.set()
            assert self.may_leave.wait(20)

    def leave(self) -> None:
        self.may_leave.set()
        self.thread.join(20)


def waits_in_flock(writer: Writer, path) -> bool:
    """The kernel lists a blocked lock with an arrow."""
    with open("/proc/locks") as locks:
        return any("->" in line and f":{path.stat().st_ino} " in line for line in locks)


def test_writers_that_waited_for_a_file_that_vanished_wait_for_the_new_one(tmp_path):
    path = tmp_path / "write.gate"
    first = Writer(path)
    assert first.is_inside.wait(20)
    second = Writer(path)
    until(lambda: waits_in_flock(second, path))
    path.unlink()
    third = Writer(path)
    assert third.is_inside.wait(20)  # SQLite's own lock is what stands between it and the first
    first.leave()
    until(lambda: waits_in_flock(second, path))
    assert not second.is_inside.is_set()
    third.leave()
    assert second.is_inside.wait(20)
    second.leave()


def test_a_thread_that_writes_already_is_refused(tmp_path):
    lock = WriteLock(tmp_path / "write.gate")
    with lock.passed(), pytest.raises(RuntimeError), lock.passed():
        pass
