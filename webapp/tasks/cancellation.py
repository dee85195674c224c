"""Somebody's wish that a running task should end, and how the task hears of it."""

import threading
import time
from datetime import datetime
from typing import Literal

Wish = Literal["cancel", "pause", "stop"]
FINISH_SECONDS = 5.0  # how long work without deliveries may go on after its slot was told to stop


class StopRun(BaseException):
    """Ends a run on purpose; a BaseException, so that no kind swallows it by accident.

    `wish`: cancel, pause, stop (its slot goes home), yield (another run waits) or wait (until `until`).
    """

    def __init__(self, wish: str, until: datetime | None = None, words: str = "") -> None:
        super().__init__(wish)
        self.wish = wish
        self.until = until
        self.words = words


class Control:
    """Shared by the thread that runs a task and the one that watches for wishes."""

    def __init__(self) -> None:
        self.wish: Wish | None = None
        self.since = 0.0  # monotonic seconds
        self._asked = threading.Event()

    def ask(self, wish: Wish | None) -> None:
        """Remembers the strongest wish; None takes a pause back."""
        if wish is None:
            if self.wish == "pause":
                self.wish = None
                self._asked.clear()
        elif self.wish is None or (wish == "cancel" and self.wish != "cancel"):
            self.wish, self.since = wish, time.monotonic()
            self._asked.set()

    def check(self, *, between_messages: bool = False) -> None:
        """Raises LetGo where the run is to end here; a stop lets work that has no messages finish for a while."""
        if self.wish is None:
            return
        if self.wish != "stop" or between_messages or time.monotonic() - self.since > FINISH_SECONDS:
            raise StopRun(self.wish)

    def wait(self, seconds: float) -> None:
        """Waits, but not once there is a wish."""
        if self._asked.is_set():  # a stop that lets the work finish must not turn waiting into spinning
            time.sleep(min(seconds, 0.1))
        else:
            self._asked.wait(seconds)
