"""Database steps of a running task: passing faults of our infrastructure are retried, never booked on the task."""

import logging
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from webapp.db.faults import is_passing
from webapp.tasks.cancellation import Control, StopRequest, StopRun
from webapp.tasks.resources import TaskResources

T = TypeVar("T")
FIRST_WAIT = 0.1  # seconds; doubles with each further failure
LONGEST_WAIT = 3.0
log = logging.getLogger("outtray.tasks")


class Patience:
    """Runs steps of one task against the database until they succeed, or its slot shuts down.

    A connection may break during COMMIT: then the step may have been committed and still runs again. So every
    step must be idempotent.
    """

    def __init__(self, resources: TaskResources, control: Control) -> None:
        self._resources, self._control = resources, control

    def read(self, step: Callable[[Connection], T]) -> T:
        """Returns what `step` returns, in a read transaction; raises StopRun if the slot shuts down meanwhile."""

        def attempt() -> T:
            with self._resources.read() as conn:
                return step(conn)

        return self._until_it_works(attempt)

    def write(self, step: Callable[[Connection], T]) -> T:
        """Returns what `step` returns, committed; raises StopRun if the slot shuts down meanwhile."""

        def attempt() -> T:
            with self._resources.write() as conn:
                return step(conn)

        return self._until_it_works(attempt)

    def _until_it_works(self, attempt: Callable[[], T]) -> T:
        wait = FIRST_WAIT
        while True:
            try:
                return attempt()
            except Exception as error:
                if not is_passing(error):
                    raise
                log.warning("the database did not answer, next try in %g s: %s", wait, error)
            # A request to cancel is handled once the database is back: what was sent must be recorded first.
            if self._control.requested is StopRequest.STOP:
                raise StopRun(StopRequest.STOP)
            self._control.wait(wait)
            wait = min(2 * wait, LONGEST_WAIT)
