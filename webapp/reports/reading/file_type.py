"""Detects the type of an uploaded file by its first bytes, not by its name."""

import mmap
import zipfile
from pathlib import Path
from typing import Literal

from webapp.errors import UserError
from webapp.reports.reading import zip_limits

FileType = Literal["text", "workbook", "parquet", "jsonlines"]

_HEAD = 64 * 1024
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORKBOOK_ENDINGS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
_JSON_ENDINGS = (".jsonl", ".ndjson", ".json")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_FOREIGN = (
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF87a", "an image"),
    (b"GIF89a", "an image"),
    (b"II*\x00", "an image"),
    (b"MM\x00*", "an image"),
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "a text document"),
    (b"\x1f\x8b", "a packed archive"),
    (b"BZh", "a packed archive"),
    (b"\xfd7zXZ", "a packed archive"),
    (b"7z\xbc\xaf", "a packed archive"),
    (b"Rar!", "a packed archive"),
    (b"\x28\xb5\x2f\xfd", "a packed archive"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3", "a database"),
)
# A text may begin with these letters too, so a NUL byte must confirm the type.
_FOREIGN_WITH_NUL = ((b"MZ", "a program"), (b"BM", "an image"), (b"RIFF", "an image or a sound"), (b"ID3", "a sound"))
_PAGES = (b"<!doctype html", b"<html", b"<?xml")


def of(path: Path, name: str) -> FileType:
    """Returns how to read the file; raises UserError if it is empty, no table, protected or a zip bomb."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"):
        raise empty(name)
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return _zip(path, name)
    if head.startswith(_OLE):
        return _compound(path, name)
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{") and name.lower().endswith(_JSON_ENDINGS):
        return "jsonlines"
    _refuse_foreign(head, name)
    if name.lower().endswith(_WORKBOOK_ENDINGS):
        raise broken(name)
    return "text"


def empty(name: str) -> UserError:
    return UserError(f"“{name}” is empty. Choose a file with a table in it.", "data")


def broken(name: str) -> UserError:
    return UserError(
        f"“{name}” is broken or not an Excel file. Open it in Excel, save it again as .xlsx, and choose that.", "data"
    )


def protected(name: str) -> UserError:
    return UserError(f"“{name}” is protected by a password. Save it without one.", "data")


def _zip(path: Path, name: str) -> FileType:
    try:
        with zipfile.ZipFile(path) as file:
            members = set(file.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        if name.lower().endswith(_WORKBOOK_ENDINGS):
            raise broken(name) from None
        raise _no_table(name, "a packed archive") from None
    if not members & {"xl/workbook.xml", "xl/workbook.bin", "content.xml"}:
        raise broken(name) if name.lower().endswith(_WORKBOOK_ENDINGS) else _no_table(name, "a packed archive")
    zip_limits.refuse_bombs(path, name)
    return "workbook"


def _compound(path: Path, name: str) -> FileType:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find(_ENCRYPTED) >= 0:
            raise protected(name)
        is_sheet = any(content.find(stream.encode("utf-16-le")) >= 0 for stream in ("Workbook", "Book"))
    if not is_sheet:
        raise broken(name) if name.lower().endswith(_WORKBOOK_ENDINGS) else _no_table(name, "an office document")
    return "workbook"


def _refuse_foreign(head: bytes, name: str) -> None:
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            raise _no_table(name, what)
    for magic, what in _FOREIGN_WITH_NUL:
        if head.startswith(magic) and b"\0" in head:
            raise _no_table(name, what)
    if head[4:8] == b"ftyp":
        raise _no_table(name, "an image or a film")
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_PAGES):
        raise _no_table(name, "a web page")


def _no_table(name: str, what: str) -> UserError:
    return UserError(f"“{name}” is {what}, not a table. Choose a CSV or Excel file.", "data")
