"""The data directory: private to its owner, and held by one panel at a time."""

import fcntl
import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from sqlalchemy import make_url

from webapp.errors import UserError
from webapp.settings import Settings

# What Outtray makes in it: a data directory that holds other things of its owner's leaves them alone.
OURS = ("files", "outbox", "run", "installation.id", "log.txt", "secret.key", "secret.key.new", "write.gate")
DATABASE_SUFFIXES = ("", "-wal", "-shm", "-journal")
IN_USE = (
    "Outtray already runs on the data directory {}. Stop it first, or set OUTTRAY_DATA_DIR to another one. "
    "(“outtray web” and “outtray worker” run beside each other, not beside “outtray serve”.)"
)
log = logging.getLogger("outtray")


class DataDirLock:
    """Held for as long as a panel runs: by one `outtray serve` alone, or by any number of `web` and `worker` together.

    The lock is on the directory itself, so no file of it can vanish; it ends with the process.
    """

    def __init__(self, folder: Path, *, alone: bool) -> None:
        self._folder, self._alone = folder, alone

    def __enter__(self) -> Self:
        """Raises UserError if another panel of this machine holds it."""
        self._handle = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
        if not self._lock(fcntl.LOCK_EX if self._alone else fcntl.LOCK_SH):
            os.close(self._handle)
            raise UserError(IN_USE.format(self._folder))
        return self

    def __exit__(self, *why: object) -> None:
        os.close(self._handle)

    def become_alone(self) -> bool:
        """Returns True if no other process holds the directory, and none can from now on."""
        return self._lock(fcntl.LOCK_EX)

    def _lock(self, how: int) -> bool:
        try:
            fcntl.flock(self._handle, how | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def prepare(folder: Path) -> None:
    """Makes the directory, which only its owner may enter."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _correct(folder)


def correct_modes(settings: Settings) -> None:
    """Takes the rights of group and others from everything that Outtray made: older versions left them."""
    left = [path for path in (settings.data_dir, *_ours(settings)) if not _correct(path)]
    if left:
        log.warning(
            "Other users of this machine may read %s: the mode cannot be changed. (%d paths)", left[0], len(left)
        )


def _ours(settings: Settings) -> Iterator[Path]:
    if settings.is_sqlite:
        database = Path(make_url(settings.database).database or "")
        yield from (database.with_name(database.name + suffix) for suffix in DATABASE_SUFFIXES)
    for name in OURS:
        top = settings.data_dir / name
        yield top
        for folder, folders, files in os.walk(top):
            yield from (Path(folder, name) for name in (*folders, *files))


def _correct(path: Path) -> bool:
    """Returns False if the mode is wrong and stays so: another user owns it, or the disk is read-only."""
    try:
        found = path.lstat().st_mode
        wanted = 0o700 if stat.S_ISDIR(found) else 0o600
        is_shared = stat.S_ISLNK(found) or found & stat.S_ISVTX  # /tmp and the like stay everybody's
        if stat.S_IMODE(found) != wanted and not is_shared:
            path.chmod(wanted)
    except FileNotFoundError:  # gone meanwhile, or not made yet
        return True
    except OSError:
        return False
    return True
