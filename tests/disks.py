"""A disk that is really full: a small tmpfs where root may mount one, else the limit of a file's size."""

import contextlib
import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHUNK = 4096  # bytes


class Disk:
    """A folder; `full` makes it so for a block."""

    def __init__(self, folder: Path, *, is_mounted: bool) -> None:
        self.folder, self._is_mounted = folder, is_mounted

    @contextmanager
    def full(self, but: int = 0) -> Iterator[None]:
        """Nothing fits for the block, or only `but` bytes more."""
        with self._filled(but) if self._is_mounted else _limited(but):
            yield

    @contextmanager
    def _filled(self, but: int) -> Iterator[None]:
        filler = self.folder / "filler"
        with filler.open("wb", buffering=0) as out, contextlib.suppress(OSError):
            while True:
                out.write(bytes(CHUNK))
        with filler.open("r+b") as out:
            out.truncate(max(0, filler.stat().st_size - but))
        try:
            yield
        finally:
            filler.unlink()


@contextmanager
def small_disk(folder: Path, megabytes: int = 8) -> Iterator[Disk]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tmpfs", str(folder)]
    may_mount = os.geteuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0
    try:
        yield Disk(folder, is_mounted=may_mount)
    finally:
        if may_mount:
            subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def _limited(but: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (but, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
