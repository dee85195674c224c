"""Which addresses a notification may be sent to: looked at as a connection is made, when no name can change any more.

Server-side request forgery and DNS rebinding end here: the audit event of CPython (PEP 578) brings the very address
that the system connects to, after the name was resolved, whatever library asks for it, in whatever thread. It brings
the socket too, so that a sending as a whole has an end: a server that answers a byte at a time meets no time-out of
its reader.
"""

import contextlib
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from webapp.notify.networks import is_internal
from webapp.notify.watched_threads import hand_on

CONNECTS = ("socket.connect", "socket.sendto", "socket.sendmsg")
REFUSED = "The address of the channel lies in the office's own network. An admin can allow it in Settings → Channels."
_installed = threading.Lock()
_is_installed = False


class RefusedAddress(OSError):
    """A connection to an internal address that nobody allowed."""


@dataclass
class Watch:
    """What one sending may do; libraries swallow errors, so it says itself what it met.

    `refused`: an address that is not allowed; `is_over`: its time was up; `is_closed`: it has ended;
    `connected`: copies of its sockets.
    """

    internal: bool
    refused: bool = False
    is_over: bool = False
    is_closed: bool = False
    connected: list[socket.socket] = field(default_factory=list)

    def end(self) -> None:
        """Breaks every connection that was made."""
        self.is_over = True
        for one in list(self.connected):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Ends what threads go on with after the sending: they connect to nothing any more."""
        self.is_closed = True
        while self.connected:
            self.connected.pop().close()


# Not thread-local: libraries send in threads of their own, to which watched_threads hands it on.
_watched: ContextVar[Watch | None] = ContextVar("watched", default=None)


@contextmanager
def watching(*, internal: bool, seconds: float) -> Iterator[Watch]:
    """Lets connections within the block go to public addresses only, unless `internal` ones are allowed.

    All of them end after `seconds`.
    """
    _install()
    watch = Watch(internal)
    token = _watched.set(watch)
    timer = threading.Timer(seconds, watch.end)
    timer.daemon = True
    timer.start()
    try:
        yield watch
    finally:
        timer.cancel()
        _watched.reset(token)
        watch.close()


def _install() -> None:
    global _is_installed
    with _installed:
        if not _is_installed:
            hand_on(_watched)
            sys.addaudithook(_look)
            _is_installed = True


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in CONNECTS:
        return
    watch, address = _watched.get(), arguments[1]
    if watch is None or address is None:  # without an address: a message of a socket that is connected
        return
    _require_allowed(watch, address)
    if event == "socket.connect":
        watch.connected.append(arguments[0].dup())


def _require_allowed(watch: Watch, address: Any) -> None:
    # Port 53 is no exception: the name server of the office is an internal address too, and libc asks it by itself.
    is_inside = not isinstance(address, tuple) or is_internal(str(address[0]))
    if is_inside and not watch.internal:
        watch.refused = True
        raise RefusedAddress(REFUSED)
    if watch.is_over or watch.is_closed:
        raise TimeoutError("the time of this sending is up")
