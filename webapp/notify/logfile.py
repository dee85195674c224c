"""The article's log file: one line per notification, appended whole by however many processes at once."""

import errno
import fcntl
import logging
import os
import unicodedata
from pathlib import Path

from webapp.errors import TaskError
from webapp.ports.deliveries import Reply, ReplyState, Target

NAME = "log.txt"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
LINE_BREAKS = ("\r\n", "\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")
log = logging.getLogger("outtray.notify")


class LogFile(Target):
    """ports.Target: a text file on the server. Nobody is alerted."""

    name = "log"
    rate: float | None = None

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / NAME

    def ready(self) -> None:
        """Raises TaskError if the file cannot be written to."""
        try:
            os.close(_open(self._path))
        except OSError as error:
            words = "The log file cannot be written to. Ask an admin to check the data directory, then press Retry."
            raise TaskError(words, cause="log-file", technical=str(error)) from error

    def send(self, to: str, message: str) -> Reply:
        """Appends the article's line; what could not be written whole is not written at all."""
        try:
            write(self._path, f"notification for {to}: {message}")
        except OSError as error:
            if error.errno in FULL:
                return Reply(ReplyState.LATER, "There is no room left on the server’s disk.", str(error))
            return Reply(ReplyState.FAILED, "The log file could not be written to.", str(error))
        return Reply(ReplyState.SENT, "Written to the log file.")


def append(data_dir: Path, line: str) -> None:
    """Appends a line about a failure; ignores a disk that cannot take it."""
    try:
        write(data_dir / NAME, line, sync=False)
    except OSError as error:
        log.warning("%s not written to %s: %s", line, NAME, error)


def write(path: Path, line: str, *, sync: bool = True) -> None:
    """Appends one line, whole and (with `sync`) on disk, or raises OSError and leaves the file as it was."""
    data = f"{one_line(line)}\n".encode(errors="replace")
    handle = _open(path)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        size = os.fstat(handle).st_size
        # A process that was killed, or a person with an editor, may have left a last line without an end.
        if size and os.pread(handle, 1, size - 1) != b"\n":
            data = b"\n" + data
        try:
            _write_all(handle, data)
        except OSError:
            os.ftruncate(handle, size)
            raise
        if sync:
            os.fsync(handle)
    finally:
        os.close(handle)


def one_line(text: str) -> str:
    """Returns the text with visible line breaks and without control characters."""
    for line_break in LINE_BREAKS:
        text = text.replace(line_break, " ⏎ ")
    return "".join(c if unicodedata.category(c) != "Cc" else " " if c == "\t" else "�" for c in text)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _write_all(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]
