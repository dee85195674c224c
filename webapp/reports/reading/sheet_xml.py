"""Finds what calamine silently leaves out of an .xlsx sheet: cells with errors, and formulas without a result."""

import posixpath
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

from webapp.reports.reading.zip_limits import unpacked

# "<" is not allowed inside of a tag, so a tag that is never closed is not read again from each "<" in it. What "++"
# and "(?>…)" have taken they do not give back.
_SHEET = re.compile(r"<(?:\w++:)?sheet\b[^<>]*+>")
_RELATION = re.compile(r"<(?:\w++:)?Relationship\b[^<>]*+>")
_P = rb"(?:\w++:)?"  # some writers give every tag a prefix
_CELL = rb"<" + _P + rb'c (?>[^<>]*?\br="([A-Z]++\d++)")'
_ERROR = re.compile(_CELL + rb'[^<>]*?\bt="e"')
_FORMULA = rb"<" + _P + rb"f\b(?:(?>[^<>]*?/>)|[^<>]*+>[^<]*+</" + _P + rb"f>)"
_NO_VALUE = rb"(?:<" + _P + rb"v ?/>|<" + _P + rb"v></" + _P + rb"v>)?</" + _P + rb"c>"
_NO_RESULT = re.compile(_CELL + rb"[^<>]*+>" + _FORMULA + _NO_VALUE)
_MOST_BYTES = 64 << 20  # of one row; what follows in a larger one is not checked


@dataclass
class Gaps:
    """References of cells that are read as empty although they are not."""

    errors: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)

    def notes(self, name: str) -> list[str]:
        notes = []
        if self.errors:
            notes.append(f"Read as empty, because of an error such as #DIV/0!: {_named(self.errors)}.")
        if self.results:
            notes.append(
                f"Read as empty, because a formula has no stored result: {_named(self.results)}. "
                f"Open “{name}” in Excel, save it and choose it again."
            )
        return notes


def _named(references: list[str]) -> str:
    more = f" and {len(references) - 3:,} more" if len(references) > 3 else ""
    return f"{'cell' if len(references) == 1 else 'cells'} {', '.join(references[:3])}{more}"


def gaps(path: Path, sheet: str) -> Gaps:
    """Returns the gaps of one sheet; none for other file formats, which cannot be checked."""
    found = Gaps()
    if not zipfile.is_zipfile(path):
        return found
    with zipfile.ZipFile(path) as file:
        member = _member(file, sheet)
    if member is None:
        return found
    tail = b""
    for piece in unpacked(path, member):
        text = tail + piece
        # Only the new part is searched: "<row" may be cut in two.
        cut = max(text.rfind(b"<row", max(0, len(tail) - 4)), 0)
        whole, tail = text[:cut], text[cut:]
        if len(tail) > _MOST_BYTES:
            break
        _collect(whole, found)
    _collect(tail, found)
    return found


def _collect(xml: bytes, found: Gaps) -> None:
    if b't="e"' in xml:
        found.errors += [reference.decode() for reference in _ERROR.findall(xml)]
    if b"<f" in xml or b":f" in xml:
        found.results += [reference.decode() for reference in _NO_RESULT.findall(xml)]


def _member(file: zipfile.ZipFile, sheet: str) -> zipfile.ZipInfo | None:
    try:
        book = file.read("xl/workbook.xml").decode("utf-8", "replace")
        relations = file.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    except (KeyError, zipfile.BadZipFile, zlib.error):
        return None
    ids = {unescape(_value(tag, "name")): _value(tag, r"\w+:id") for tag in _SHEET.findall(book)}
    targets = {_value(tag, "Id"): _value(tag, "Target") for tag in _RELATION.findall(relations)}
    target = targets.get(ids.get(sheet, ""), "")
    reference = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
    return file.NameToInfo.get(reference)


def _value(tag: str, attribute: str) -> str:
    match = re.search(rf'\s{attribute}="([^"]*)"', tag)
    return match[1] if match else ""
