"""As many runs at one mail server at once, on this machine, as it may have connections.

Single mails do not count: they use a connection of their own, because nobody should wait behind a run.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from webapp.db.types import now
from webapp.ports import MailTarget
from webapp.tasks.control import LetGo

AGAIN = timedelta(seconds=5)  # a turn: by then a run gives way to one that waits


@contextmanager
def taken(run_dir: Path, server: MailTarget) -> Iterator[None]:
    """Holds one of the server's places while the block runs; LetGo, to come back soon, where all are taken."""
    handle = _take(run_dir, server)
    try:
        yield
    finally:
        if handle >= 0:
            os.close(handle)


def _take(run_dir: Path, server: MailTarget) -> int:
    if server.connections is None:
        return -1
    name = re.sub(r"[^A-Za-z0-9.-]", "_", server.name)
    for place in range(server.connections):
        handle = os.open(run_dir / f"{name}-{place}.place", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except BlockingIOError:
            os.close(handle)
    raise LetGo("wait", until=now() + AGAIN)
