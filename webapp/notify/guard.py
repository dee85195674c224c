"""Which addresses a notification may be sent to: looked at as a connection is made, when no name can change any more.

Server-side request forgery and DNS rebinding end here: the audit event of CPython (PEP 578) brings the very address
that the system connects to, after the name was resolved, whatever library asks for it.
"""

import ipaddress
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

REFUSED = "The address of the channel lies in the office's own network. An admin can allow it in Settings → Channels."
_installed = threading.Lock()
_is_installed = False


class RefusedAddress(OSError):
    """A connection to an internal address that nobody allowed."""


@dataclass
class Watch:
    """What one sending may do; `refused`: it met an address that is not allowed, though libraries swallow errors."""

    internal: bool
    refused: bool = False


# Not thread-local: Apprise sends in threads of its own, to which it hands the context on.
_watched: ContextVar[Watch | None] = ContextVar("watched", default=None)


@contextmanager
def watching(*, internal: bool) -> Iterator[Watch]:
    """Within the block connections go to public addresses only, unless `internal` ones are allowed."""
    _install()
    watch = Watch(internal)
    token = _watched.set(watch)
    try:
        yield watch
    finally:
        _watched.reset(token)


def is_internal(address: str) -> bool:
    """Whether it is anything but a public address; what is no address at all counts as internal."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return True
    mapped = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    if mapped is not None and is_internal(str(mapped)):
        return True
    return not found.is_global or found.is_multicast


def _install() -> None:
    global _is_installed
    with _installed:
        if not _is_installed:
            sys.addaudithook(_look)
            _is_installed = True


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in ("socket.connect", "socket.sendto"):
        return
    watch = _watched.get()
    if watch is None or watch.internal:
        return
    address = arguments[1]
    if not isinstance(address, tuple) or is_internal(str(address[0])):
        if _is_resolver(address):
            return
        watch.refused = True
        raise RefusedAddress(REFUSED)


def _is_resolver(address: Any) -> bool:
    """A library that resolves names by itself asks the name server of the office; nothing else has that port."""
    return isinstance(address, tuple) and len(address) > 1 and address[1] == 53
