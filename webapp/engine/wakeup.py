"""Local datagram sockets: a process that commits work for a queue wakes the slots that wait for it."""

import contextlib
import hashlib
import os
import select
import socket
import tempfile
from pathlib import Path

from webapp.errors import UserError

LONGEST_ADDRESS = 100  # bytes; Linux takes 107 and macOS 103


class Wakeup:
    """Wakes the slots of one installation."""

    def __init__(self, run_dir: Path) -> None:
        self._folder = socket_folder(run_dir)

    def ring(self, queue: str) -> None:
        """Wakes every slot of that queue on this machine; one that does not listen polls soon anyway."""
        with (
            contextlib.suppress(OSError),  # the folder was deleted: slots create it again, and poll meanwhile
            contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)) as out,
        ):
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
    """The socket on which one slot is woken; bound again if its file is deleted."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket = self._bind()

    def wait(self, seconds: float) -> bool:
        """Returns True when woken, False after `seconds`."""
        self._bind_again_if_gone()
        ready, _, _ = select.select([self._socket], [], [], max(0.0, seconds))
        while ready:  # one check of the database serves any number of wakeups
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

    def _bind(self) -> socket.socket:
        self._path.parent.mkdir(exist_ok=True, mode=0o700)
        self._path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            listening.bind(str(self._path))
            self._path.chmod(0o600)
        except BaseException:
            listening.close()
            raise
        self._inode = self._path.stat().st_ino
        return listening

    def _bind_again_if_gone(self) -> None:
        try:
            if self._path.stat().st_ino == self._inode:
                return
        except FileNotFoundError:
            pass
        with contextlib.suppress(OSError):  # no data directory, or a full disk: tried again at the next wait
            before, self._socket = self._socket, self._bind()
            before.close()


def socket_folder(run_dir: Path) -> Path:
    """Returns the folder of the sockets: `run_dir`, or one in the system's temporary folder if its path is too long."""
    if len(os.fsencode(run_dir)) + 30 <= LONGEST_ADDRESS:
        return run_dir
    digest = hashlib.sha256(os.fsencode(run_dir)).hexdigest()[:16]
    short = Path(tempfile.gettempdir()) / f"outtray-{digest}-{os.getuid()}"
    short.mkdir(mode=0o700, exist_ok=True)
    if short.lstat().st_uid != os.getuid() or short.is_symlink():
        raise UserError(f"{short} belongs to another user. Remove it, or choose a shorter OUTTRAY_DATA_DIR.")
    return short
