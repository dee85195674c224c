"""Runs several parts of a task in parallel, one thread each, and raises their exceptions when all have ended."""

import threading
from collections.abc import Callable, Sequence

from webapp.tasks.cancellation import StopRun


def together(works: Sequence[Callable[[], None]]) -> None:
    """Returns when all have ended; raises the most important exception: an error, a request, or the earliest retry."""
    raised: list[BaseException] = []
    threads = [threading.Thread(target=_collect_exception, args=(work, raised), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    errors = [one for one in raised if not isinstance(one, StopRun)]
    if errors:
        raise errors[0]
    stops = [one for one in raised if isinstance(one, StopRun)]
    if stops:
        raise min(stops, key=_weight)


def _collect_exception(work: Callable[[], None], raised: list[BaseException]) -> None:
    try:
        work()
    except BaseException as error:  # noqa: BLE001 - all of them are raised again
        raised.append(error)


def _weight(stop: StopRun) -> tuple[int, float]:
    """Orders stops: a person's request before a retry, and the earliest retry before the others."""
    return (stop.request.urgency, stop.until.timestamp() if stop.until else 0.0)
