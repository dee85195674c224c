"""A full disk, told in plain words whoever met it."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from webapp.errors import TaskError

_CODES = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# The Excel writer panics, and the number of the error stands only in its text.
_TEXT = re.compile(rf"(?:os error |code: |errno )(?:{'|'.join(map(str, _CODES))})\b")


def says_no_room(error: BaseException) -> bool:
    return getattr(error, "errno", None) in _CODES or bool(_TEXT.search(str(error)))


def no_room(technical: str) -> TaskError:
    return TaskError(
        "There is no room left on the server's disk. No file was made. Ask an admin to make room, then press Retry.",
        cause="disk-full",
        technical=technical,
    )


@contextmanager
def whole_or_nothing(path: Path) -> Iterator[None]:
    """Removes what was written where the block ends in any other way than well; TaskError where the disk is full."""
    try:
        yield
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError) and says_no_room(error):
            raise no_room(str(error)) from error
        raise
