"""The format of a backup: a gzipped tar of plain files, whose last one has the checksums of all others.

An archive is foreign input: `unpack` reads it strictly, under limits, and believes nothing that it says.
"""

import gzip
import hashlib
import io
import json
import re
import tarfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from webapp.clock import now
from webapp.db import schema
from webapp.errors import UserError
from webapp.files.store import CHUNK, NAME

FORMAT = 2
MANIFEST, KEY, LOG, LOST, SUMS = "outtray.json", "secret.key.sealed", "log.txt", "lost.json", "checksums.txt"
LEFT_OUT = {"session", "login_failure", "link", "pace", "version"}  # of the moment: nobody misses them after a restore
LEFT_OUT |= {"installation"}  # a restored installation is another one
TABLES = [table for table in schema.metadata.sorted_tables if table.name not in LEFT_OUT]
MOST_MEMBERS = 4_000_000
SMALL = 64 << 20  # bytes of a member that is read at once
LEAST = 4_096  # bytes that a file takes on disk
RESERVE = 200 << 20  # bytes that stay free on the disk; on a small one a tenth of what is free
TRAILER = 64 << 10  # bytes of zeros that end a tar, and no more
OTHER_VERSION = "This backup was made by Outtray {}; this version cannot read it."
_BLOCK = tarfile.BLOCKSIZE
_ENDING = b"\0" * _BLOCK
_PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE)
_FILE = re.compile(rf"files/({NAME.pattern})", re.ASCII)
_NAMES = {MANIFEST, KEY, LOG, LOST, SUMS} | {f"tables/{table.name}.jsonl" for table in schema.metadata.sorted_tables}
_SUM = re.compile(r"([0-9a-f]{64})  (\S+)\n", re.ASCII)
_UNREADABLE = (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError)


class BrokenArchive(UserError):
    """The archive is not a whole backup; nothing of it may be used."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The archive is not a whole backup of Outtray, and nothing was restored: {reason}.")


class Writer:
    """Adds members to an archive; `close` adds their checksums, without which it counts as cut off."""

    def __init__(self, path: Path) -> None:
        # GNU, for its plain header also holds sizes from 8 GB; names are short.
        self._tar = tarfile.open(path, "w:gz", compresslevel=3, format=tarfile.GNU_FORMAT)  # noqa: SIM115
        self._sums: list[str] = []

    def add(self, name: str, content: IO[bytes], size: int) -> str:
        """Adds so many bytes; returns their SHA-256."""
        entry = tarfile.TarInfo(name)
        entry.size, entry.mtime, entry.mode = size, int(now().timestamp()), 0o600
        reader = _Digest(content)
        self._tar.addfile(entry, reader)
        self._sums.append(f"{reader.sha256}  {name}\n")
        return reader.sha256

    def add_bytes(self, name: str, content: bytes) -> None:
        self.add(name, io.BytesIO(content), len(content))

    def close(self) -> None:
        self.add_bytes(SUMS, "".join(self._sums).encode())
        self._tar.close()


class _Digest:
    """Reads and computes the checksum of what was read."""

    def __init__(self, content: IO[bytes]) -> None:
        self._content = content
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._content.read(size)
        self._digest.update(data)
        return data

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


class Unpacked:
    """The members of an archive in a folder of the panel; each has the checksum that the archive gives it."""

    def __init__(self, folder: Path, manifest: Mapping[str, Any], sizes: Mapping[str, int], sums: Mapping[str, str]):
        self._folder = folder
        self.manifest = manifest
        self.sizes = sizes
        self.sums = sums

    def path(self, name: str) -> Path:
        return self._folder / name.replace("/", "-")

    def has(self, name: str) -> bool:
        return name in self.sizes

    def content(self, name: str) -> bytes:
        """Returns a small member whole."""
        if self.sizes.get(name, SMALL) >= SMALL:
            raise BrokenArchive(f"{name} is missing or too large")
        return self.path(name).read_bytes()

    def json(self, name: str) -> Any:
        """Returns what a small member holds."""
        try:
            return json.loads(self.content(name))
        except (ValueError, RecursionError):
            raise BrokenArchive(f"{name} is not JSON") from None


def unpack(path: Path, folder: Path, free_bytes: Callable[[], int]) -> Unpacked:
    """Reads an archive into the empty `folder`; raises BrokenArchive unless every byte of it is as it was written."""
    try:
        with gzip.open(path, "rb") as stream:
            return _Reader(stream, folder, free_bytes).read()
    except _UNREADABLE as error:
        reason = str(error) or "it is cut off"
        raise BrokenArchive(f"it cannot be unpacked ({' '.join(reason.split())[:120]})") from None


class _Reader:
    """Reads the members one after the other; headers with extensions, links and folders are refused."""

    def __init__(self, stream: gzip.GzipFile, folder: Path, free_bytes: Callable[[], int]) -> None:
        self._stream, self._folder = stream, folder
        self._sizes: dict[str, int] = {}
        self._sums: dict[str, str] = {}
        self._manifest: Mapping[str, Any] = {}
        free = free_bytes()
        self._room = free - min(RESERVE, free // 10)

    def read(self) -> Unpacked:
        while (header := self._exactly(_BLOCK)) != _ENDING:
            self._member(header)
            if len(self._sizes) == 1:
                self._manifest = _manifest(self._unpacked())
        if self._stream.read(TRAILER + 1).strip(b"\0"):
            raise BrokenArchive("something follows its end")
        if self._stream.read(1):
            raise BrokenArchive("too much follows its end")
        if not self._sizes:
            raise BrokenArchive("it is empty")
        self._compare()
        return self._unpacked()

    def _unpacked(self) -> Unpacked:
        return Unpacked(self._folder, self._manifest, self._sizes, self._sums)

    def _member(self, header: bytes) -> None:
        entry = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
        name = entry.name
        if not self._sizes and name != MANIFEST:
            raise BrokenArchive(f"it does not begin with {MANIFEST}")
        if entry.type not in _PLAIN or entry.size < 0 or not (name in _NAMES or _FILE.fullmatch(name)):
            raise BrokenArchive(f"{ascii(name)[:100]} has no place in it")
        if name in self._sizes or SUMS in self._sizes or len(self._sizes) >= MOST_MEMBERS:
            raise BrokenArchive(f"{name} comes twice, or too late")
        self._room -= max(entry.size, LEAST)
        if self._room < 0:
            raise UserError("Its content is larger than the free space on the disk of OUTTRAY_DATA_DIR.")
        self._sizes[name] = entry.size
        self._sums[name] = self._copy(self._unpacked().path(name), entry.size)
        self._exactly(-entry.size % _BLOCK)

    def _copy(self, target: Path, size: int) -> str:
        """Writes the next bytes of the stream to a file; returns their checksum."""
        digest = hashlib.sha256()
        with target.open("xb") as out:
            while size:
                data = self._exactly(min(size, CHUNK))
                digest.update(data)
                out.write(data)
                size -= len(data)
        return digest.hexdigest()

    def _exactly(self, size: int) -> bytes:
        data = self._stream.read(size)
        if len(data) != size:
            raise BrokenArchive("it is cut off")
        return data

    def _compare(self) -> None:
        """Every member but the checksums themselves has its own there, and no other has."""
        if SUMS not in self._sizes:
            raise BrokenArchive(f"{SUMS} is missing at its end")
        given: dict[str, str] = {}
        with self._unpacked().path(SUMS).open("rb") as lines:
            while line := lines.readline(1_000):
                match = _SUM.fullmatch(line.decode("ascii", "replace"))
                if not match:
                    raise BrokenArchive(f"{SUMS} cannot be read")
                given[match[2]] = match[1]
        found = {name: value for name, value in self._sums.items() if name != SUMS}
        if wrong := sorted(name for name in {*given, *found} if given.get(name) != found.get(name)):
            raise BrokenArchive(f"{ascii(wrong[0])[:100]} is missing or was changed")


def _manifest(unpacked: Unpacked) -> Mapping[str, Any]:
    manifest = unpacked.json(MANIFEST)
    if not isinstance(manifest, dict) or not isinstance(manifest.get("format"), int):
        raise BrokenArchive(f"{MANIFEST} is not that of a backup")
    if manifest["format"] != FORMAT:
        version = manifest.get("version")
        raise UserError(OTHER_VERSION.format(version if re.fullmatch(r"[\w.+-]{1,40}", str(version)) else "?"))
    return manifest
