"""A full disk, told in plain words whoever met it."""

import errno
import re

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
