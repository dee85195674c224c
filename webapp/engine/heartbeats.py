"""Checks the processes and loops of this machine by their locks and heartbeats."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from webapp import loops
from webapp.engine.worker_locks import living, role_of
from webapp.loops import Heartbeat

LOOPS = {
    loops.RECOVERY: "Requeuing of tasks whose worker died",
    loops.RETENTION: "Retention and clean-up",
    loops.CLOCK: "Check of the clock",
}


@dataclass(frozen=True)
class Pulse:
    """The last heartbeat of a loop or worker; `age` in seconds."""

    name: str
    title: str
    age: float
    trouble: str  # the fault; empty if there is none


def moving(run_dir: Path) -> list[str]:
    """Returns the living workers with a current heartbeat; one that has just started has no heartbeat yet."""
    beats = loops.heartbeats(run_dir)
    return [worker for worker in living(run_dir) if worker not in beats or not _trouble(beats[worker])]


def serves_all(run_dir: Path, queues: Iterable[str]) -> bool:
    """Returns True if each queue has a healthy slot on this machine, and recovery runs."""
    roles = {role_of(worker) for worker in moving(run_dir)}
    recovery = loops.heartbeats(run_dir).get(loops.RECOVERY)
    return all(queue in roles for queue in queues) and not (recovery and recovery.is_late)


def pulses(run_dir: Path) -> list[Pulse]:
    """Returns the pulse of each loop and of each living worker; empty if nothing of Outtray runs on this machine."""
    alive = living(run_dir)
    beats = loops.heartbeats(run_dir) if alive else {}
    of_loops = [
        Pulse(name, title, beats[name].age, _trouble(beats[name])) for name, title in LOOPS.items() if name in beats
    ]
    of_workers = [Pulse(one, f"Worker {one}", beats[one].age, _trouble(beats[one])) for one in alive if one in beats]
    return of_loops + of_workers


def _trouble(beat: Heartbeat) -> str:
    if beat.is_late:
        return "It has not moved for a while: Outtray kills and restarts what is frozen."
    return f"It failed {beat.failures} times in a row: {beat.error}" if beat.failures else ""
