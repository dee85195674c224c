"""Lets a few callers through at once; those who wait take turns by person, each person's calls in their order."""

import threading
from collections import OrderedDict, deque
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


class NoPermit(Exception):
    """The caller has waited as long as it may, or too many wait already."""


@dataclass(eq=False)
class _Waiter:
    decided: threading.Event = field(default_factory=threading.Event)
    has_permit: bool = False


class FairQueue:
    """`permits` at once; at most `most` wait, which bounds the threads that do."""

    def __init__(self, permits: int, most: int) -> None:
        self._free, self._most = permits, most
        self._lines: OrderedDict[Hashable, deque[_Waiter]] = OrderedDict()  # whose turn is next stands first
        self._lock = threading.Lock()

    @contextmanager
    def permit(self, person: Hashable, patience: float | None) -> Iterator[None]:
        """Waits at most `patience` seconds (None: as long as it takes) for a permit; raises NoPermit."""
        waiter = self._enter(person)
        waiter.decided.wait(patience)
        with self._lock:
            if not waiter.has_permit:
                self._forget(person, waiter)
                raise NoPermit
        try:
            yield
        finally:
            self._leave()

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return sum(len(line) for line in self._lines.values())

    def _enter(self, person: Hashable) -> _Waiter:
        waiter = _Waiter()
        with self._lock:
            if self._free:
                self._free -= 1
                waiter.has_permit = True
                waiter.decided.set()
                return waiter
            if self.waiting >= self._most:
                self._make_room(person)
            self._lines.setdefault(person, deque()).append(waiter)
        return waiter

    def _make_room(self, person: Hashable) -> None:
        """Refuses the last call of the person who waits with the most; raises NoPermit if that is this person."""
        longest = max(self._lines, key=lambda one: len(self._lines[one]))
        if len(self._lines[longest]) <= len(self._lines.get(person, ())) + 1:
            raise NoPermit
        last = self._lines[longest].pop()
        last.decided.set()

    def _leave(self) -> None:
        """Hands the permit on to the person whose turn it is, who then stands behind all others."""
        with self._lock:
            if not self._lines:
                self._free += 1
                return
            person, line = self._lines.popitem(last=False)
            waiter = line.popleft()
            if line:
                self._lines[person] = line
            waiter.has_permit = True
            waiter.decided.set()

    def _forget(self, person: Hashable, waiter: _Waiter) -> None:
        line = self._lines.get(person, deque())
        if waiter in line:
            line.remove(waiter)
        if not line:
            self._lines.pop(person, None)
