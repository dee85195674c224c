"""Keeps bytes on disk: a file is there whole, under a name that nobody can guess, or not at all."""

import hashlib
import logging
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from webapp import atomic
from webapp.errors import NotFound

CHUNK = 1 << 20  # bytes
NONE: Mapping[str, Path] = MappingProxyType({})
UNFINISHED = "unfinished"
NAME = re.compile(r"[0-9a-f]{32}(?:\.parquet)?", re.ASCII)  # what `keep` gives, and the companion of an upload
_UNFINISHED_NAME = re.compile(rf"{UNFINISHED}/[0-9a-f]{{32}}", re.ASCII)
log = logging.getLogger("outtray.files")
_NAME_BYTES = 150  # leaves room below the 255 bytes of a file name for " (2)", ".part" and the like


@dataclass(frozen=True)
class StoredFile:
    """A whole file in the store; `size` in bytes."""

    storage: str
    size: int
    sha256: str


class Store:
    """The folder of files of one installation."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._unfinished = folder / UNFINISHED
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._unfinished.mkdir(exist_ok=True, mode=0o700)

    def path(self, storage: str) -> Path:
        """Returns where these bytes are, or would be; raises NotFound for a name that no store gave."""
        if not NAME.fullmatch(storage):
            raise NotFound("This file is not here any more.")
        return self._folder / storage

    def put(self, source: Path, storage: str) -> None:
        """Moves a finished file in under a name that a store gave before, as a restore does."""
        atomic.move(source, self.path(storage))

    @contextmanager
    def unfinished(self) -> Iterator[Path]:
        """Yields a path to write to; whatever is still there when the block ends is removed."""
        path = self._unfinished / secrets.token_hex(16)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Yields a folder on the store's disk, from which `keep` moves without copying; removed after the block."""
        with tempfile.TemporaryDirectory(dir=self._unfinished) as folder:
            yield Path(folder)

    def keep(self, path: Path, companions: Mapping[str, Path] = NONE) -> StoredFile:
        """Moves a finished file in; on disk, with its checksum, when this returns.

        Each of `companions` goes beside it, under its name and the given suffix: all are there, or none.
        """
        size, sha256 = _measure(path)
        storage = secrets.token_hex(16)
        try:
            for suffix, companion in companions.items():
                atomic.move(companion, self.path(storage + suffix))
            atomic.move(path, self.path(storage))
        except OSError:
            for suffix in companions:
                self.remove(storage + suffix)
            raise
        return StoredFile(storage, size, sha256)

    def remove(self, storage: str) -> None:
        """Deletes the bytes; a name that no store gave is left alone, for it may lead elsewhere."""
        if NAME.fullmatch(storage) or _UNFINISHED_NAME.fullmatch(storage):
            (self._folder / storage).unlink(missing_ok=True)
        else:
            log.warning("not removed, as no store gave this name: %.200r", storage)

    def free_bytes(self) -> int:
        return shutil.disk_usage(self._folder).free

    def remove_scratch(self, older_than: float) -> None:
        """Folders that a killed process left behind; `older_than` in seconds since 1970."""
        for entry in os.scandir(self._unfinished):
            if entry.is_dir() and entry.stat().st_mtime < older_than:
                shutil.rmtree(entry.path, ignore_errors=True)

    def names(self) -> list[tuple[str, float]]:
        """Returns the names of all stored files with the time of their last change (seconds since 1970)."""
        entries = [entry for folder in (self._folder, self._unfinished) for entry in os.scandir(folder)]
        files = [(entry, str(Path(entry.path).relative_to(self._folder))) for entry in entries if entry.is_file()]
        is_ours = (NAME, _UNFINISHED_NAME)
        return [(name, entry.stat().st_mtime) for entry, name in files if any(one.fullmatch(name) for one in is_ours)]


def safe_name(name: str) -> str:
    """Returns the file name without folders, control characters and what file systems refuse."""
    last = re.split(r"[/\\]", name)[-1]
    clean = re.sub(r'[\x00-\x1f\x7f<>:"|?*\u202a-\u202e\u2066-\u2069]', "", last).strip(". ")
    stem, dot, ending = clean.rpartition(".")
    if not dot or len(ending) > 10:
        stem, ending = clean, ""
    stem = stem.encode()[:_NAME_BYTES].decode(errors="ignore")  # a character that is cut is left out
    return (stem or "file") + (f".{ending}" if ending else "")


def _measure(path: Path) -> tuple[int, str]:
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while chunk := handle.read(CHUNK):
            digest.update(chunk)
    return path.stat().st_size, digest.hexdigest()
