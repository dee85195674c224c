"""Recognises a full disk in any writer's error, and makes it a message for people."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from webapp.errors import TaskError

_CODES = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# The Excel writer panics, and only the text has the number of the error.
_TEXT = re.compile(rf"(?:os error |code: |errno )(?:{'|'.join(map(str, _CODES))})\b")


def is_disk_full(error: BaseException) -> bool:
    return getattr(error, "errno", None) in _CODES or bool(_TEXT.search(str(error)))


def disk_full(technical: str) -> TaskError:
    return TaskError(
        "There is no room left on the server's disk. No file was made. Ask an admin to make room, then press Retry.",
        cause="disk-full",
        technical=technical,
    )


@contextmanager
def whole_or_nothing(path: Path) -> Iterator[None]:
    """Removes the file if the block raises; raises TaskError if the disk is full."""
    try:
        yield
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError) and is_disk_full(error):
            raise disk_full(str(error)) from error
        raise
