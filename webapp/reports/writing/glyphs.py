"""Finds the characters that the fonts of the PDF compiler lack: it silently leaves them blank.

The fonts are inside the compiler's library as OpenType files (ISO/IEC 14496-22), so they are read from there for any
version.
"""

import io
import mmap
import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import typst
from fontTools.ttLib import TTFont

FAMILIES = ("Libertinus Serif", "New Computer Modern", "DejaVu Sans Mono")
_SIGNATURES = (b"OTTO\0", b"\0\1\0\0\0")
_FACES = (  # of each family the upright one and the bold one
    "Libertinus Serif Regular", "Libertinus Serif Bold", "NewComputerModern10-Regular", "NewComputerModern10-Bold",
    "DejaVu Sans Mono", "DejaVu Sans Mono Bold",
)  # fmt: skip


def missing(texts: set[str]) -> list[str]:
    """Returns the characters of these texts that no font has, sorted; spaces and control characters do not count."""
    known = covered()
    characters = {letter for text in texts for letter in text if not letter.isspace() and letter.isprintable()}
    return sorted(letter for letter in characters if ord(letter) not in known)


@cache
def covered() -> frozenset[int]:
    """Returns the code points that one of the families has, both upright and bold."""
    faces: dict[str, frozenset[int]] = {}
    library = next(Path(typst.__file__).parent.glob("_typst*"))
    with library.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        for begin, size in _fonts(content):
            font = TTFont(io.BytesIO(content[begin : begin + size]), lazy=True)
            name = font["name"].getDebugName(4)
            if name in _FACES and name not in faces:
                faces[name] = frozenset(font.getBestCmap())
            if len(faces) == len(_FACES):
                break
    if not faces:
        raise RuntimeError("No font was found in the library of the PDF compiler.")
    pairs = zip(_FACES[::2], _FACES[1::2], strict=True)
    return frozenset().union(
        *(faces.get(upright, frozenset()) & faces.get(bold, frozenset()) for upright, bold in pairs)
    )


def _fonts(content: mmap.mmap) -> Iterator[tuple[int, int]]:
    """Yields the offset and the length in bytes of each font."""
    for signature in _SIGNATURES:
        begin = content.find(signature)
        while begin >= 0:
            if size := _size(content, begin):
                yield begin, size
            begin = content.find(signature, begin + 1)


def _size(content: mmap.mmap, begin: int) -> int:
    """Returns the length of a font by its table directory; 0 if there is none."""
    (count,) = struct.unpack_from(">H", content, begin + 4)
    if not 5 <= count <= 40 or begin + 12 + 16 * count > len(content):
        return 0
    records = [struct.unpack_from(">4sLLL", content, begin + 12 + 16 * index) for index in range(count)]
    if not {b"cmap", b"head", b"name"} <= {tag for tag, *_ in records}:
        return 0
    return int(max(offset + length for _, _, offset, length in records))
