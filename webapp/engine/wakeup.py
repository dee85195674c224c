"""Local datagram sockets: whoever commits work for a queue wakes the slots that wait for it."""

import contextlib
import hashlib
import os
import select
import socket
import tempfile
from pathlib import Path

LONGEST_ADDRESS = 100  # bytes; Linux takes 107 and macOS 103


class Wakeup:
    """Rings at the slots of one installation."""

    def __init__(self, run_dir: Path) -> None:
        self._folder = _folder(run_dir)

    def ring(self, queue: str) -> None:
        """Wakes every slot of that queue on this machine; one that does not listen looks by itself soon."""
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)) as out:
            for path in self._folder.glob(f"{queue}.*.sock"):
                try:
                    out.sendto(b"!", str(path))
                except ConnectionRefusedError:
                    path.unlink(missing_ok=True)  # its slot was killed
                except OSError:
                    pass  # full: that slot has been woken already; gone: nothing to wake

    def listen(self, queue: str, worker: str) -> "WakeupListener":
        return WakeupListener(self._folder / f"{queue}.{worker[-8:]}.sock")


class WakeupListener:
    """A slot's ear."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(path))

    def wait(self, seconds: float) -> bool:
        """True when rung at, False after `seconds`."""
        ready, _, _ = select.select([self._socket], [], [], max(0.0, seconds))
        while ready:  # one look at the database answers any number of rings
            try:
                self._socket.recv(16)
            except BlockingIOError:
                return True
        return False

    def ring(self) -> None:
        """Wakes this slot itself, from another thread."""
        with (
            contextlib.suppress(OSError),
            contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as out,
        ):
            out.sendto(b"!", str(self._path))

    def close(self) -> None:
        self._path.unlink(missing_ok=True)
        self._socket.close()


def _folder(run_dir: Path) -> Path:
    if len(os.fsencode(run_dir)) + 30 <= LONGEST_ADDRESS:
        return run_dir
    short = (
        Path(tempfile.gettempdir()) / f"outtray-{hashlib.sha256(os.fsencode(run_dir)).hexdigest()[:16]}-{os.getuid()}"
    )
    short.mkdir(mode=0o700, exist_ok=True)
    return short
