"""Lets a request that waits for a child process lend its thread, so that pages never run out of threads."""

from collections.abc import Iterator
from contextlib import contextmanager

from anyio import from_thread, to_thread


@contextmanager
def thread_lent() -> Iterator[None]:
    """Allows one thread more for as long as the block runs, which must not use the database.

    There are as many threads as there are connections to the database: more of them at work would wait for those.
    """
    from_thread.run_sync(_allow, 1)
    try:
        yield
    finally:
        from_thread.run_sync(_allow, -1)


def _allow(more: int) -> None:
    limiter = to_thread.current_default_thread_limiter()
    limiter.total_tokens += more
