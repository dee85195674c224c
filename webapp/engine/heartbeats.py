"""Whether the processes of this machine live and move: by their locks and their heartbeats."""

from collections.abc import Iterable
from pathlib import Path

from webapp import loops
from webapp.engine.worker_locks import living, role_of


def moving(run_dir: Path) -> list[str]:
    """Returns the workers that live and move; one that has just started has no heartbeat yet."""
    beats = loops.heartbeats(run_dir)
    return [
        worker for worker in living(run_dir) if not ((beat := beats.get(worker)) and (beat.is_late or beat.failures))
    ]


def serves_all(run_dir: Path, queues: Iterable[str]) -> bool:
    """Returns True if each queue has a slot on this machine that moves."""
    roles = {role_of(worker) for worker in moving(run_dir)}
    return all(queue in roles for queue in queues)
