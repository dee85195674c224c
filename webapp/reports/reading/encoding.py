"""Detects the character encoding of an uploaded text and converts the text to UTF-8."""

import codecs
import re
from pathlib import Path

from webapp.errors import UserError

_STEP = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_WORDS = {"cp1252": "Western European (Windows-1252)", "latin-1": "Western European (Latin-1)"}
_SAMPLE = 256 * 1024
_ENOUGH = 20  # characters beyond ASCII that a guess needs


def as_utf8(path: Path, name: str, scratch: Path) -> tuple[Path, str, list[str]]:
    """Returns a path with the text in UTF-8 without a BOM (`scratch`, or `path` itself), the encoding's name, notes."""
    codec, label = _codec(path, name)
    notes = []
    if label in _WORDS.values() or not label.startswith("UTF"):
        notes = [f"The file does not state its character encoding. It was read as {label}."]
    if codec == "utf-8":
        return path, label, notes
    _rewrite(path, name, codec, scratch)
    return scratch, label, notes


def _codec(path: Path, name: str) -> tuple[str, str]:
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
    for mark, codec, label in _MARKS:
        if head.startswith(mark):
            return codec, label
    if b"\0" in head:
        return _without_mark(head, name)
    if _is_utf8(path):
        return "utf-8", "UTF-8"
    codec = _eight_bits(path)
    return codec, _WORDS.get(codec, codec)


def _without_mark(head: bytes, name: str) -> tuple[str, str]:
    """Recognises UTF-16 by a NUL in every second byte of ASCII letters; raises UserError for other bytes with NULs."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > half * 0.3 and even < half * 0.05:
        return "utf-16-le", "UTF-16"
    if even > half * 0.3 and odd < half * 0.05:
        return "utf-16-be", "UTF-16"
    raise UserError(f"“{name}” is not a text file with a table. Choose a CSV or Excel file.", "data")


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while piece := file.read(_STEP):
                decoder.decode(piece)
            decoder.decode(b"", True)
        except UnicodeDecodeError:
            return False
    return True


def _eight_bits(path: Path) -> str:
    """Returns cp1252 for western texts; if most letters are beyond ASCII, the guess of charset-normalizer."""
    with path.open("rb") as file:
        sample = file.read(_SAMPLE)
    high = len(re.findall(rb"[\x80-\xff]", sample))
    if high >= _ENOUGH and high > 0.4 * (high + len(re.findall(rb"[A-Za-z]", sample))):
        from charset_normalizer import from_bytes

        best = from_bytes(sample).best()
        if best is not None and best.encoding != "ascii":
            return best.encoding
    return "cp1252" if _decodes(path, "cp1252") else "latin-1"


def _decodes(path: Path, codec: str) -> bool:
    try:
        with path.open(encoding=codec, newline="") as file:
            while file.read(_STEP):
                pass
    except UnicodeDecodeError:
        return False
    return True


def _rewrite(path: Path, name: str, codec: str, scratch: Path) -> None:
    # surrogatepass would only move the error to a later step: the person must learn of it here.
    try:
        with (
            path.open(encoding=codec, newline="") as source,
            scratch.open("w", encoding="utf-8", newline="") as target,
        ):
            while piece := source.read(_STEP):
                target.write(piece)
    except UnicodeError:
        raise UserError(
            f"“{name}” holds characters that cannot be read. Save it as CSV in UTF-8 and choose it again.", "data"
        ) from None
