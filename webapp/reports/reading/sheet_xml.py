"""What calamine leaves out of an .xlsx sheet without a word: cells with errors, and formulas that have no result."""

import posixpath
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

from webapp.reports.reading.zip_limits import unfolded

_SHEET = re.compile(r"<(?:\w+:)?sheet\b[^>]*>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\b[^>]*>")
_P = rb"(?:\w+:)?"  # some writers give every tag a prefix
_CELL = rb"<" + _P + rb'c [^>]*?\br="([A-Z]+\d+)"'
_ERROR = re.compile(_CELL + rb'[^>]*?\bt="e"')
_FORMULA = rb"<" + _P + rb"f\b(?:[^>]*/>|[^>]*>[^<]*</" + _P + rb"f>)"
_NO_VALUE = rb"(?:<" + _P + rb"v ?/>|<" + _P + rb"v></" + _P + rb"v>)?</" + _P + rb"c>"
_NO_RESULT = re.compile(_CELL + rb"[^>]*>" + _FORMULA + _NO_VALUE)


@dataclass
class Gaps:
    """Places of cells that are read as empty although something stands in them."""

    errors: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)

    def notes(self, name: str) -> list[str]:
        notes = []
        if self.errors:
            notes.append(f"Read as empty, because an error such as #DIV/0! stands there: {_named(self.errors)}.")
        if self.results:
            notes.append(
                f"Read as empty, because a formula stands there without its result: {_named(self.results)}. "
                f"Open “{name}” in Excel, save it and choose it again."
            )
        return notes


def _named(places: list[str]) -> str:
    more = f" and {len(places) - 3:,} more" if len(places) > 3 else ""
    return f"{'cell' if len(places) == 1 else 'cells'} {', '.join(places[:3])}{more}"


def gaps(path: Path, sheet: str) -> Gaps:
    """The gaps of one sheet; none for the older and other formats, where nothing tells."""
    found = Gaps()
    if not zipfile.is_zipfile(path):
        return found
    with zipfile.ZipFile(path) as file:
        member = _member(file, sheet)
    if member is None:
        return found
    tail = b""
    for piece in unfolded(path, member):
        text = tail + piece
        cut = text.rfind(b"<row") if b"<row" in text else 0
        whole, tail = text[:cut], text[cut:]
        _look(whole, found)
    _look(tail, found)
    return found


def _look(xml: bytes, found: Gaps) -> None:
    if b't="e"' in xml:
        found.errors += [place.decode() for place in _ERROR.findall(xml)]
    if b"<f" in xml or b":f" in xml:
        found.results += [place.decode() for place in _NO_RESULT.findall(xml)]


def _member(file: zipfile.ZipFile, sheet: str) -> zipfile.ZipInfo | None:
    try:
        book = file.read("xl/workbook.xml").decode("utf-8", "replace")
        relations = file.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    except (KeyError, zipfile.BadZipFile, zlib.error):
        return None
    ids = {unescape(_value(tag, "name")): _value(tag, r"\w+:id") for tag in _SHEET.findall(book)}
    targets = {_value(tag, "Id"): _value(tag, "Target") for tag in _RELATION.findall(relations)}
    target = targets.get(ids.get(sheet, ""), "")
    place = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
    return file.NameToInfo.get(place)


def _value(tag: str, attribute: str) -> str:
    match = re.search(rf'\s{attribute}="([^"]*)"', tag)
    return match[1] if match else ""
