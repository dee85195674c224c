"""A control loop survives whatever its step raises, waits longer each time, and says when it last moved."""

import contextlib
import errno
import shutil
import threading
from pathlib import Path

import pytest

from tests.durability import faults
from tests.waiting import until
from webapp import loops


class Waits:
    """A stop signal that notes how long it was waited for, and is set after a number of waits."""

    def __init__(self, number: int) -> None:
        self.left, self.seconds = number, []

    def wait(self, timeout: float) -> bool:
        self.seconds.append(timeout)
        self.left -= 1
        return self.left <= 0


@pytest.fixture(autouse=True)
def _every_heartbeat_is_written(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loops, "WRITTEN_EVERY", 0.0)


def fails(times: int, error: Exception | None = None):
    """A step that raises `times` times and then works."""
    calls = iter([error or OSError(errno.ENOSPC, "No space left on device")] * times)

    def step() -> None:
        if caught := next(calls, None):
            raise caught

    return step


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), ValueError("odd"), AssertionError("broken")])
def test_a_step_that_raises_is_tried_again(tmp_path: Path, error: Exception):
    waits = Waits(4)
    loops.run_forever("housekeeping", fails(2, error), 3_600, waits, tmp_path)
    assert waits.seconds == [0.5, 1.0, 3_600, 3_600]


@pytest.mark.parametrize(("every", "longest"), [(0.5, 5.0), (60.0, 60.0), (3_600.0, 300.0)])
def test_waits_after_failures_grow_to_a_limit(every: float, longest: float):
    waits = [loops.wait_after(failures, every) for failures in range(1, 2_000)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (0.5, longest)


def test_a_failing_loop_says_so_in_its_heartbeat_and_later_that_it_works(tmp_path: Path):
    seen = []

    class Looks(Waits):
        def wait(self, timeout: float) -> bool:
            seen.append(loops.heartbeats(tmp_path)["supervisor"])
            return super().wait(timeout)

    loops.run_forever("supervisor", fails(2), 1.0, Looks(3), tmp_path)
    assert [(beat.failures, beat.succeeded is None) for beat in seen] == [(1, True), (2, True), (0, False)]
    assert "No space left" in seen[1].error
    assert not any(beat.is_late for beat in seen)


def test_a_loop_that_ended_on_purpose_leaves_no_heartbeat(tmp_path: Path):
    loops.run_forever("housekeeping", lambda: None, 1.0, Waits(1), tmp_path)
    assert loops.heartbeats(tmp_path) == {}


def test_a_step_that_hangs_makes_its_loop_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    stop, hangs, go = threading.Event(), threading.Event(), threading.Event()
    calls = iter([lambda: None, lambda: (hangs.set(), go.wait(20))])
    running = threading.Thread(
        target=loops.run_forever, args=("watcher", lambda: next(calls, lambda: None)(), 0.01, stop, tmp_path)
    )
    running.start()
    assert hangs.wait(10)
    moment = loops.clock.monotonic()
    monkeypatch.setattr(loops.clock, "monotonic", lambda: moment + loops.PATIENCE + 5)
    assert loops.heartbeats(tmp_path)["watcher"].is_late
    go.set()
    until(lambda: not loops.heartbeats(tmp_path)["watcher"].is_late)
    stop.set()
    running.join(10)


def test_a_heartbeat_of_before_the_last_boot_is_late(tmp_path: Path):
    future = loops.clock.monotonic() + 1_000
    assert loops.Heartbeat("housekeeping", 3_600, future, future).is_late


def test_a_loop_survives_a_run_folder_that_vanishes(tmp_path: Path):
    run = tmp_path / "run"
    seen = []

    def step() -> None:
        shutil.rmtree(run, ignore_errors=True)

    class Looks(Waits):
        def wait(self, timeout: float) -> bool:
            seen.append(set(loops.heartbeats(run)))
            return super().wait(timeout)

    loops.run_forever("supervisor", step, 1.0, Looks(2), run)
    assert seen == [{"supervisor"}, {"supervisor"}]


def test_a_loop_survives_a_heartbeat_that_cannot_be_written(tmp_path: Path):
    (tmp_path / loops.FOLDER).write_text("a file where the folder belongs")
    waits = Waits(3)
    loops.run_forever("supervisor", lambda: None, 1.0, waits, tmp_path)
    assert waits.seconds == [1.0, 1.0, 1.0]


def test_a_step_may_end_its_process(tmp_path: Path):
    def step() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        loops.run_forever("slot", step, 1.0, Waits(3), tmp_path)


def test_a_quick_loop_writes_its_heartbeat_every_few_seconds_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loops, "WRITTEN_EVERY", 4.0)
    written = []
    monkeypatch.setattr(loops, "_write", lambda run_dir, beat: written.append(beat.at))
    moments = iter(n * 0.5 for n in range(1_000))
    monkeypatch.setattr(loops.clock, "monotonic", lambda: next(moments))
    loops.run_forever("supervisor", lambda: None, 0.5, Waits(17), tmp_path)
    assert written == [0.5, 4.5, 8.5]


@pytest.mark.skipif(not faults.can_mount(), reason="a file system of its own needs root")
def test_a_loop_on_a_full_disk_does_not_seem_frozen(tmp_path: Path):
    seen = []

    class Looks(Waits):
        def wait(self, timeout: float) -> bool:
            seen.append(loops.heartbeats(tmp_path / "run")["supervisor"])
            if len(seen) == 1:
                stack.enter_context(faults.full_disk(tmp_path / "run"))
            return super().wait(timeout)

    with faults.small_disk(tmp_path / "run", 1), contextlib.ExitStack() as stack:
        loops.run_forever("supervisor", fails(9, ValueError("ö" * 400)), 1.0, Looks(4), tmp_path / "run")
    assert [beat.failures for beat in seen] == [1, 2, 3, 4]
