"""Writes files whole: under a temporary name in the same folder, on disk, then renamed; private to their owner."""

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from webapp import file_lock


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a temporary path to write to; its file is at `path`, on disk, once the block has ended.

    If the block raises, or the disk takes no more, `path` stays as it was. Writers of the same path wait for each
    other, and one that was killed leaves nothing behind that hinders the next.
    """
    with _temporary(path) as part:
        yield part
        move(part, path)


def write(path: Path, content: bytes) -> None:
    """Replaces the file at `path`; raises OSError and leaves it as it was if that is impossible."""
    with replacing(path) as part:
        part.write_bytes(content)


def write_once(path: Path, content: bytes) -> bytes:
    """Writes the file unless there is one; returns its content, on which processes that do this at once agree."""
    with _temporary(path) as part:
        if not path.exists():
            part.write_bytes(content)
            move(part, path)
    return path.read_bytes()


def move(source: Path, path: Path) -> None:
    """Moves a finished file of the same file system to `path`; on disk when this returns."""
    handle = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fchmod(handle, 0o600)
        os.fsync(handle)
    finally:
        os.close(handle)
    source.replace(path)
    _sync_folder(path.parent)


@contextmanager
def _temporary(path: Path) -> Iterator[Path]:
    """Yields an empty file of a fixed name beside `path`, locked against other writers; removed unless it was moved."""
    part = path.with_name(f".{path.name}.part")
    handle = file_lock.acquire(part, wait=True)
    assert handle is not None
    try:
        os.ftruncate(handle, 0)
        yield part
    finally:
        with contextlib.suppress(OSError):
            if file_lock.is_current(handle, part):
                part.unlink()
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
