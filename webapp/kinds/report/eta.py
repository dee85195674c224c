"""How long a report takes: told while it is written, by what earlier reports of its type took for each row."""

from collections.abc import Callable

from webapp import clock
from webapp.ports.task_context import TaskContext
from webapp.reports.progress_words import WRITING

ENOUGH = 5_000  # rows from which a report tells how fast reports are


class Eta:
    """Runs from its making to `keep`."""

    def __init__(self, task: TaskContext, format: str) -> None:
        self._task, self._name = task, f"report.{format}"
        self._begun = clock.monotonic()
        self._writing = 0.0

    def progress(self, rows: int) -> Callable[[int, str], None]:
        """What a writer calls: the rows that are prepared, then that the file is written and about how long."""

        def told(done: int, words: str) -> None:
            if words == WRITING and not self._writing:
                self._writing = clock.monotonic()
                per_row = self._task.data.pace(f"{self._name}.writing")
                if per_row and per_row * rows >= 2:
                    words = f"{WRITING}, about {per_row * rows:.0f} seconds"
            self._task.progress(done, rows, words)

        return told

    def keep(self, rows: int) -> None:
        """The file is written: the next report knows."""
        if rows < ENOUGH:
            return
        self._task.data.keep_pace(self._name, (clock.monotonic() - self._begun) / rows)
        if self._writing:
            self._task.data.keep_pace(f"{self._name}.writing", (clock.monotonic() - self._writing) / rows)
