"""Measures how large zipped workbooks (.xlsx, .xlsb, .ods) are when unpacked, before they are read."""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

from webapp.errors import UserError

MOST_BYTES = 2 << 30  # unpacked; a full sheet of 1,048,576 rows and 11 columns has 0.7 GB of XML
MOST_CELLS = 20_000_000  # calamine keeps 32 bytes for each cell of the used rectangle, empty or not
_MOST_MEMBERS = 10_000
_STEEP_BYTES, _STEEP_RATIO = 100 << 20, 200  # real workbooks grow 5 to 30 times
_HIGHEST_RATIO = 1032  # deflate's own limit
_STEP = 1 << 20
_SCANNED = 64 << 20  # larger sheets are not scanned to the end: the memory limit catches them
_CELL = re.compile(rb'<(?:\w++:)?c (?>[^<>]*?\br=")([A-Z]{1,3})(\d{1,7})"')  # linear: see sheet_xml.py


def refuse_bombs(path: Path, name: str) -> None:
    """Raises UserError if the unpacked file would be too large for the memory."""
    with zipfile.ZipFile(path) as file:
        members = file.infolist()
    declared = sum(member.file_size for member in members)
    is_steep = declared > _STEEP_BYTES and declared > _STEEP_RATIO * path.stat().st_size
    if len(members) > _MOST_MEMBERS or declared > MOST_BYTES or is_steep:
        raise _too_much(name)
    if sum(member.compress_size for member in members) * _HIGHEST_RATIO > MOST_BYTES:
        _measure(path, members, name)
    for member in members:
        if member.filename == "content.xml":
            _refuse_repeats(path, member, name)
        elif member.filename.startswith("xl/worksheets/") and member.filename.endswith(".xml"):
            _refuse_far_corners(path, member, name)


def unpacked(path: Path, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yields the true content of one member in pieces of at most 1 MB, regardless of its declared size."""
    with path.open("rb") as file:
        file.seek(member.header_offset)
        header = file.read(30)
        if len(header) < 30 or not header.startswith(b"PK\x03\x04"):
            return
        name_length, extra_length = struct.unpack("<HH", header[26:30])
        file.seek(name_length + extra_length, 1)
        yield from _inflated(file, member)


def _inflated(file: BinaryIO, member: zipfile.ZipInfo) -> Iterator[bytes]:
    left = member.compress_size
    unpack = zlib.decompressobj(-zlib.MAX_WBITS)
    while left > 0 and (packed := file.read(min(_STEP, left))):
        left -= len(packed)
        if member.compress_type == zipfile.ZIP_STORED:
            yield packed
            continue
        try:
            while packed and not unpack.eof:
                yield unpack.decompress(packed, _STEP)
                packed = unpack.unconsumed_tail
        except zlib.error:
            return  # broken: the reader raises the error


def _measure(path: Path, members: list[zipfile.ZipInfo], name: str) -> None:
    size = 0
    for member in members:
        for piece in unpacked(path, member):
            size += len(piece)
            if size > MOST_BYTES:
                raise _too_much(name)


def _refuse_far_corners(path: Path, member: zipfile.ZipInfo, name: str) -> None:
    """Raises UserError for a sparse sheet: cells in opposite corners make a rectangle of 17 billion cells."""
    rows = columns = size = 0
    tail = b""
    for piece in unpacked(path, member):
        size += len(piece)
        text = tail + piece
        for letters, row in _CELL.findall(text):
            rows, columns = max(rows, int(row)), max(columns, _column(letters))
        if rows * columns > MOST_CELLS and rows * columns * 8 > size:
            raise _too_much(name)
        if size > _SCANNED:
            return
        tail = text[-200:]


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _refuse_repeats(path: Path, member: zipfile.ZipInfo, name: str) -> None:
    """Raises UserError for an OpenDocument sheet that repeats cells or rows too often by attributes."""
    size = _RepeatedSize()
    for piece in unpacked(path, member):
        if not size.holds(piece):
            return  # broken: the reader raises the error
        if size.rows * size.columns > MOST_CELLS:
            raise _too_much(name)


class _RepeatedSize:
    """The size of the largest table in a content.xml, up to its last cell that is not empty."""

    def __init__(self) -> None:
        self.rows = self.columns = 0
        self._row = self._column = self._repeat = 0
        self._filled = False
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def holds(self, piece: bytes) -> bool:
        try:
            self._parser.Parse(piece, False)
        except expat.ExpatError:
            return False
        return True

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "table:table":
            self._row = 0
        elif tag == "table:table-row":
            self._column, self._filled = 0, False
            self._repeat = _times(attributes, "table:number-rows-repeated")
        elif tag in ("table:table-cell", "table:covered-table-cell"):
            self._column += _times(attributes, "table:number-columns-repeated")
            if "office:value-type" in attributes or "table:formula" in attributes:
                self._mark()
        elif tag == "text:p":
            self._mark()

    def _mark(self) -> None:
        self._filled = True
        self.columns = max(self.columns, self._column)
        self.rows = max(self.rows, self._row + self._repeat)

    def _end(self, tag: str) -> None:
        if tag == "table:table-row":
            self._row += self._repeat


def _times(attributes: dict[str, str], name: str) -> int:
    text = attributes.get(name, "1")
    return int(text) if text.isdecimal() and len(text) < 12 else 1


def _too_much(name: str) -> UserError:
    return UserError(
        f"“{name}” is small but too large to read when unpacked. Copy its cells into a new file, or save it as CSV.",
        "data",
    )
