"""The counts of a run, and when they are published to the task's row."""

from typing import Any

from sqlalchemy import Connection

from webapp import clock
from webapp.db.connect import mark_changed
from webapp.ports.deliveries import Reply
from webapp.ports.delivery_state import Counts, DeliveryState, accepted
from webapp.tasks.ledger.outcomes import in_a_row
from webapp.tasks.model import Task
from webapp.tasks.transitions import Requests, counts, fenced_update

PUBLISH_EVERY = 0.25  # seconds between two published changes


class ProgressClock:
    """When the progress of a run was last published; all parts of the run share one."""

    def __init__(self) -> None:
        self.at = 0.0  # monotonic seconds
        self.has_settled = False


class Progress:
    """The counts of one ledger; `is_part`: of one channel, so the other channels of the task count too."""

    def __init__(self, task: Task, progress_clock: ProgressClock | None, *, is_part: bool) -> None:
        self._task, self._is_part = task, is_part
        self._clock = progress_clock or ProgressClock()
        self._done = self._sent = self._total = 0
        self.failures_in_a_row = task.consecutive_failures

    def tally(self, found: Counts) -> None:
        """Takes the counts over from the database."""
        self._total = sum(found.values())
        self._done = sum(number for result, number in found.items() if result.is_final)
        self._sent = accepted(found)

    def settled(self, state: DeliveryState, reply: Reply) -> None:
        """Counts one more reply."""
        self._done += state.is_final
        self._sent += state.was_accepted
        self.failures_in_a_row = in_a_row(self.failures_in_a_row, reply)

    def left_out(self) -> None:
        """Counts a delivery that ended without being handed over."""
        self._done += 1

    def is_due(self, *, settles: bool) -> bool:
        """Returns True if the progress has to be published now; the first settled message also ends a crash series."""
        is_first = settles and not self._clock.has_settled
        return is_first or clock.monotonic() - self._clock.at > PUBLISH_EVERY

    def publish(self, conn: Connection, *, settles: bool) -> Requests:
        """Writes the counts to the task; `settles`: a reply is written in the same commit."""
        values: dict[str, Any] = {}
        if settles:
            values = {"crash_count": 0, "retries": 0, "consecutive_failures": self.failures_in_a_row}
        if self._is_part:  # the other parts count too, and this result is not committed yet
            self.tally(counts(conn, self._task.id))
        values |= {"progress_done": self._done, "progress_total": self._total}
        message = f"{self._sent:,} of {self._total:,} sent"
        mark_changed(conn)
        return fenced_update(conn, self._task.id, self._task.attempt, progress_words=message, **values)

    def published(self, *, settles: bool) -> None:
        """Notes the time after the commit."""
        self._clock.at = clock.monotonic()
        self._clock.has_settled = self._clock.has_settled or settles
