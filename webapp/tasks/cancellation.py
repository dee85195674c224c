"""Requests to end a run: from a person, from a slot that stops, or from the run itself when it has to wait."""

import threading
import time
from datetime import datetime
from enum import StrEnum

from webapp import clock

FINISH_SECONDS = 5.0  # how long work without deliveries may continue after its slot was asked to stop


class StopRequest(StrEnum):
    """Why a run is to end before its work is done; the most urgent first."""

    CANCEL = "cancel"  # a person ends the task
    PAUSE = "pause"  # a person holds the task
    STOP = "stop"  # its slot shuts down
    YIELD = "yield"  # another run waits for this slot
    WAIT = "wait"  # nothing can be sent before a certain time

    @classmethod
    def stored(cls, value: str | None) -> "StopRequest | None":
        """Returns the request of a row; None if there is none, or one that only another version knows."""
        return cls._value2member_map_.get(value)  # type: ignore[return-value]

    @property
    def urgency(self) -> int:
        """The rank of the request; 0 is the most urgent."""
        return list(StopRequest).index(self)


class StopRun(BaseException):
    """Ends a run on purpose; a BaseException, so that no kind swallows it by accident.

    `until`: when the task may run again (UTC); None: at once. `message`: why it waits, shown to people.
    """

    def __init__(self, request: StopRequest, until: datetime | None = None, message: str = "") -> None:
        super().__init__(request)
        self.request = request
        self.until = until
        self.message = message


class Control:
    """Shared by the thread that runs a task and the thread that watches for requests."""

    def __init__(self) -> None:
        self.requested: StopRequest | None = None
        self.since = 0.0  # monotonic seconds
        self._has_request = threading.Event()

    def request(self, request: StopRequest | None) -> None:
        """Remembers the strongest request; None withdraws a pause."""
        if request is None:
            if self.requested is StopRequest.PAUSE:
                self.requested = None
                self._has_request.clear()
        elif self.requested is None or (request is StopRequest.CANCEL and self.requested is not StopRequest.CANCEL):
            self.requested, self.since = request, clock.monotonic()
            self._has_request.set()

    def check(self, *, between_messages: bool = False) -> None:
        """Raises StopRun if the run has to end here; after a stop, work without messages may finish for a while."""
        if self.requested is None:
            return
        is_stop = self.requested is StopRequest.STOP
        if not is_stop or between_messages or clock.monotonic() - self.since > FINISH_SECONDS:
            raise StopRun(self.requested)

    def wait(self, seconds: float) -> None:
        """Waits for `seconds`, but returns at once when there is a request."""
        if self._has_request.is_set():  # while a stop lets the work finish, a wait must not become a busy loop
            time.sleep(min(seconds, 0.1))
        else:
            self._has_request.wait(seconds)
