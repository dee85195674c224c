"""Which calls of a sandbox may run now: as many as there are cores, by turns between people."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, replace

from webapp.errors import Busy
from webapp.fair_queue import FairQueue, NoPermit

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
MOST_WAITING = 150  # calls of one process; each holds a thread
MOST_WAITING_EACH = 20  # calls of one person
WAIT_SECONDS = 45.0  # for a permit; most proxies end a request after 60
BUSY = "Outtray is busy reading other files. Nothing was kept. Try again in a minute."
BUSY_NETWORK = "Outtray is busy with other queries and tests. Nothing was kept. Try again in a minute."

# A child that waits for another server takes no core, and must not keep files from being read.
NETWORK_CALLS = 4 * CORES
_files = FairQueue(CORES, MOST_WAITING, MOST_WAITING_EACH)
_network = FairQueue(NETWORK_CALLS, MOST_WAITING // 3, MOST_WAITING_EACH)


Aside = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True)
class _Caller:
    person: int | None = None
    patience: float | None = None
    aside: Aside = nullcontext
    at_once: int | None = None


_TASK = _Caller()
_caller: ContextVar[_Caller] = ContextVar("caller", default=_TASK)


def on_behalf_of(person: int, aside: Aside = nullcontext, at_once: int | None = None) -> None:
    """Says for whom this request calls from now on: calls take turns by person, and wait for WAIT_SECONDS at most.

    Without it, as in tasks, they wait as long as it takes. `aside` is entered for as long as a call lasts. A person
    has at most `at_once` calls running, and leaves one core to others where there are several.
    """
    most = None if at_once is None else max(1, min(at_once, CORES - 1))
    _caller.set(_Caller(person, WAIT_SECONDS, aside, most))


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Calls within the block wait at most so long for a permit."""
    before = _caller.get()
    token = _caller.set(replace(before, patience=seconds))
    try:
        yield
    finally:
        _caller.reset(token)


@contextmanager
def permit(*, uses_network: bool) -> Iterator[None]:
    """Waits for a permit and holds it for as long as the block runs; raises Busy if there is none in time."""
    caller, queue = _caller.get(), _network if uses_network else _files
    try:
        with caller.aside(), queue.permit(caller.person, caller.patience, caller.at_once):
            yield
    except NoPermit:
        raise Busy(BUSY_NETWORK if uses_network else BUSY) from None
