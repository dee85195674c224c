"""Estimates how long a report takes, from the time that earlier reports of its type took for each row."""

from collections.abc import Callable

from webapp import clock
from webapp.ports.task_context import TaskContext
from webapp.reports.progress_words import WRITING

ENOUGH = 5_000  # rows; the time of a smaller report says little about the next one


class Eta:
    """Measures one report, from its construction to `keep`."""

    def __init__(self, task: TaskContext, format: str) -> None:
        self._task, self._name = task, f"report.{format}"
        self._started = clock.monotonic()
        self._writing = 0.0

    def progress(self, rows: int) -> Callable[[int, str], None]:
        """Returns the callback for a writer: it reports prepared rows, then the writing and its expected seconds."""

        def report(done: int, message: str) -> None:
            if message == WRITING and not self._writing:
                self._writing = clock.monotonic()
                per_row = self._task.data.pace(f"{self._name}.writing")
                if per_row and per_row * rows >= 2:
                    message = f"{WRITING}, about {per_row * rows:.0f} seconds"
            self._task.progress(done, rows, message)

        return report

    def keep(self, rows: int) -> None:
        """Stores the measured pace for later reports; call it when the file is written."""
        if rows < ENOUGH:
            return
        self._task.data.keep_pace(self._name, (clock.monotonic() - self._started) / rows)
        if self._writing:
            self._task.data.keep_pace(f"{self._name}.writing", (clock.monotonic() - self._writing) / rows)
