"""Several pieces of a task's work at the same time, one thread each; what ends them is heard when all have ended."""

import threading
from collections.abc import Callable, Sequence

from webapp.tasks.cancellation import StopRun


def together(works: Sequence[Callable[[], None]]) -> None:
    """Returns when all have; raises what most concerns the task: an error, a wish, or the earliest further try."""
    raised: list[BaseException] = []
    threads = [threading.Thread(target=_keeping, args=(work, raised), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    errors = [one for one in raised if not isinstance(one, StopRun)]
    if errors:
        raise errors[0]
    wishes = [one for one in raised if isinstance(one, StopRun)]
    if wishes:
        raise min(wishes, key=_weight)


def _keeping(work: Callable[[], None], raised: list[BaseException]) -> None:
    try:
        work()
    except BaseException as error:  # noqa: BLE001 - all of them are raised again
        raised.append(error)


def _weight(wish: StopRun) -> tuple[int, float]:
    """A person's wish goes before a further try, and the earliest of these before the others."""
    later = wish.until.timestamp() if wish.until else 0.0
    return (["cancel", "pause", "stop", "yield", "wait"].index(wish.wish), later)
