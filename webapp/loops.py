"""Runs the steps of a loop for as long as a process lives; a step that raises is logged and tried again."""

import contextlib
import json
import logging
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from webapp import clock

FIRST_WAIT = 0.5  # seconds after a failure; doubles with each further one
LONGEST_WAIT = 5.0  # seconds, for a loop of short steps
SELDOM = 300.0  # seconds: a loop that runs once an hour tries again at least this often
PATIENCE = 15.0  # seconds that a step may take before its loop counts as late
WRITTEN_EVERY = 4.0  # seconds: a loop of short steps must not keep a disk busy
RECOVERY, RETENTION, CLOCK = "recovery", "retention", "clock"  # names of loops
FOLDER = "loops"  # in run/
LENGTH = 2_500  # characters of a heartbeat's file: each one fits into the file of the last
log = logging.getLogger("outtray.loops")


class StopSignal(Protocol):
    """What a loop waits for between two steps; a threading.Event is one."""

    def wait(self, timeout: float) -> bool:
        """Waits for at most `timeout` seconds; returns True as soon as the loop should end."""


@dataclass(frozen=True)
class Heartbeat:
    """The last sign of life of one loop; `at` and `succeeded` are seconds of the monotonic clock."""

    name: str
    every: float
    at: float
    succeeded: float | None  # None before its first success
    failures: int = 0  # in a row
    error: str = ""

    @property
    def age(self) -> float:
        """Seconds since the last step ended; endless if it was before this machine's last boot."""
        age = clock.monotonic() - self.at
        return age if age >= 0 else float("inf")

    @property
    def is_late(self) -> bool:
        """True if the loop should have moved since: it is frozen, or its process is gone."""
        return self.age > 2 * self.every + PATIENCE


def run_forever(name: str, step: Callable[[], object], every: float, stop: StopSignal, run_dir: Path) -> None:
    """Calls `step` now and then every `every` seconds until `stop` is set; leaves a heartbeat after each call.

    An exception is logged, and the step is tried again after waits that grow. `SystemExit` and the like pass through:
    that is how a step ends its process. `name` names one loop of one installation, such as "housekeeping" or
    "watcher-notify-3".
    """
    beat, written = Heartbeat(name, every, clock.monotonic(), None), None
    while True:
        beat = _stepped(beat, step)
        if written is None or beat.failures != written.failures or beat.at - written.at >= WRITTEN_EVERY:
            _write(run_dir, beat)
            written = beat
        if stop.wait(wait_after(beat.failures, every) if beat.failures else every):
            return forget(run_dir, name)


def wait_after(failures: int, every: float) -> float:
    """Returns the seconds to wait after that many failures in a row."""
    longest = min(max(every, LONGEST_WAIT), SELDOM)
    return min(longest, FIRST_WAIT * 2.0 ** min(failures - 1, 20))


def heartbeats(run_dir: Path) -> dict[str, Heartbeat]:
    """Returns the heartbeats of all loops of this installation on this machine, by name; those of dead ones too."""
    try:
        names = sorted(name for name in os.listdir(run_dir / FOLDER) if name.endswith(".json"))
    except FileNotFoundError:  # nothing has run yet, or the folder was deleted: each loop creates it again
        return {}
    found = (_read(run_dir / FOLDER / name) for name in names)
    return {beat.name: beat for beat in found if beat}


def forget(run_dir: Path, name: str) -> None:
    """Removes a heartbeat: its loop has ended on purpose, or its process is known to be gone."""
    with contextlib.suppress(OSError):
        _path(run_dir, name).unlink(missing_ok=True)


def _stepped(last: Heartbeat, step: Callable[[], object]) -> Heartbeat:
    try:
        step()
    except Exception as error:  # a control loop must survive whatever its step meets
        failures = last.failures + 1
        again = wait_after(failures, last.every)
        log.warning("%s failed (%d in a row), next try in %g s", last.name, failures, again, exc_info=error)
        return Heartbeat(last.name, last.every, clock.monotonic(), last.succeeded, failures, repr(error)[:300])
    if last.failures:
        log.info("%s works again after %d failures", last.name, last.failures)
    moment = clock.monotonic()
    return Heartbeat(last.name, last.every, moment, moment)


def _write(run_dir: Path, beat: Heartbeat) -> None:
    path = _path(run_dir, beat.name)
    unfinished = path.with_suffix(f".{os.getpid()}")
    try:
        for folder in (run_dir, path.parent):  # not the data directory: if that is gone, it stays so
            folder.mkdir(exist_ok=True, mode=0o700)
        unfinished.write_text(_text(beat))
        unfinished.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        _overwrite(path, beat, error)


def _overwrite(path: Path, beat: Heartbeat, error: OSError) -> None:
    """Writes into the file that exists, which needs no space: on a full disk a loop that works must not seem frozen."""
    try:
        with path.open("r+") as file:
            file.write(_text(beat))
    except OSError:
        log.warning("the heartbeat of %s was not written: %s", beat.name, error)


def _text(beat: Heartbeat) -> str:
    return json.dumps(asdict(beat)).ljust(LENGTH)


def _read(path: Path) -> Heartbeat | None:
    try:
        return Heartbeat(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):  # being removed, or of another version
        return None


def _path(run_dir: Path, name: str) -> Path:
    return run_dir / FOLDER / f"{name}.json"
