"""Lets a few callers through at once; those who wait take turns by person, each person's calls in their order."""

import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


class NoPermit(Exception):
    """The caller has waited as long as it may, or too many wait already."""


@dataclass(eq=False)
class _Waiter:
    at_once: int | None
    decided: threading.Event = field(default_factory=threading.Event)
    has_permit: bool = False


class FairQueue:
    """`permits` at once; at most `most` wait, `most_each` of one person, which bounds the threads that do."""

    def __init__(self, permits: int, most: int, most_each: int | None = None) -> None:
        self._free, self._most, self._most_each = permits, most, most_each or most
        self._lines: OrderedDict[Hashable, deque[_Waiter]] = OrderedDict()  # whose turn is next stands first
        self._running: Counter[Hashable] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def permit(self, person: Hashable, patience: float | None, at_once: int | None = None) -> Iterator[None]:
        """Waits at most `patience` seconds (None: as long as it takes) for a permit; raises NoPermit.

        `at_once`: how many permits the person may hold at the same time (None: any number).
        """
        waiter = self._enter(person, at_once)
        waiter.decided.wait(patience)
        with self._lock:
            if not waiter.has_permit:
                self._forget(person, waiter)
                raise NoPermit
        try:
            yield
        finally:
            self._leave(person)

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return sum(len(line) for line in self._lines.values())

    def _enter(self, person: Hashable, at_once: int | None) -> _Waiter:
        waiter = _Waiter(at_once)
        with self._lock:
            if self._free and self._may_run(person, waiter):
                self._give(person, waiter)
                return waiter
            if len(self._lines.get(person, ())) >= self._most_each:
                raise NoPermit
            if self.waiting >= self._most:
                self._make_room(person)
            self._lines.setdefault(person, deque()).append(waiter)
        return waiter

    def _may_run(self, person: Hashable, waiter: _Waiter) -> bool:
        return waiter.at_once is None or self._running[person] < waiter.at_once

    def _give(self, person: Hashable, waiter: _Waiter) -> None:
        self._free -= 1
        self._running[person] += 1
        waiter.has_permit = True
        waiter.decided.set()

    def _make_room(self, person: Hashable) -> None:
        """Refuses the last call of the person who waits with the most; raises NoPermit if that is this person."""
        longest = max(self._lines, key=lambda one: len(self._lines[one]))
        if len(self._lines[longest]) <= len(self._lines.get(person, ())) + 1:
            raise NoPermit
        last = self._lines[longest].pop()
        last.decided.set()

    def _leave(self, person: Hashable) -> None:
        """Hands the permit on to the next person who may run, who then stands behind all others."""
        with self._lock:
            self._free += 1
            self._running[person] -= 1
            if not self._running[person]:
                del self._running[person]
            following = next((one for one in self._lines.items() if self._may_run(one[0], one[1][0])), None)
            if following is None:
                return
            next_person, line = following
            del self._lines[next_person]
            self._give(next_person, line.popleft())
            if line:
                self._lines[next_person] = line

    def _forget(self, person: Hashable, waiter: _Waiter) -> None:
        line = self._lines.get(person, deque())
        if waiter in line:
            line.remove(waiter)
        if not line:
            self._lines.pop(person, None)
