"""Tracks sends in progress per target, so that other tasks can skip a slow one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from webapp import clock

SLOW = 1.0  # seconds after which a send counts as slow

_since: dict[str, list[float]] = {}  # monotonic seconds, the earliest first
_lock = threading.Lock()


@contextmanager
def sending(target: str) -> Iterator[None]:
    """Marks a send to this target as in progress for the block."""
    began = clock.monotonic()
    with _lock:
        _since.setdefault(target, []).append(began)
    try:
        yield
    finally:
        with _lock:
            _since[target].remove(began)
            if not _since[target]:
                del _since[target]


def is_slow(target: str) -> bool:
    """Returns True if a send to this target has been in progress for more than SLOW seconds."""
    with _lock:
        found = _since.get(target)
        return found is not None and clock.monotonic() - found[0] > SLOW
