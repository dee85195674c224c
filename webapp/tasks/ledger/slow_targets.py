"""Which targets this process is sending to at this moment, and since when: nobody waits behind a slow one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from webapp import clock

SLOW = 1.0  # seconds after which a sending counts as slow

_since: dict[str, list[float]] = {}  # monotonic seconds, the earliest first
_lock = threading.Lock()


@contextmanager
def sending(target: str) -> Iterator[None]:
    """For as long as the block lasts, a message is with this target."""
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
    """Whether it has kept a message waiting for longer than others take."""
    with _lock:
        found = _since.get(target)
        return found is not None and clock.monotonic() - found[0] > SLOW
