"""Workbooks for the tests: made with openpyxl, or by hand where no library writes the format."""

import struct
import zipfile
from pathlib import Path
from typing import Any

import openpyxl


def xlsx(path: Path, rows: list[list[Any]], **further: list[list[Any]]) -> Path:
    """An .xlsx with `rows` on its first sheet and further sheets by name."""
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    for row in rows:
        first.append(row)
    for name, others in further.items():
        sheet = book.create_sheet(name)
        for row in others:
            sheet.append(row)
    book.save(path)
    return path


def with_member(path: Path, name: str, content: bytes) -> Path:
    """The same zip with one member replaced."""
    with zipfile.ZipFile(path) as file:
        members = {info.filename: file.read(info) for info in file.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for member, old in (members | {name: content}).items():
            file.writestr(member, old if member != name else content)
    return path


def ods(path: Path, rows: str) -> Path:
    """An OpenDocument spreadsheet with these rows in XML."""
    base = "urn:oasis:names:tc:opendocument:xmlns"
    spaces = " ".join(f'xmlns:{name}="{base}:{name}:1.0"' for name in ("office", "table", "text"))
    content = (
        f'<?xml version="1.0"?><office:document-content {spaces}><office:body><office:spreadsheet>'
        f'<table:table table:name="One">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        file.writestr("META-INF/manifest.xml", "<manifest/>")
        file.writestr("content.xml", content)
    return path


def ods_cell(kind: str, value: str, attributes: str = "") -> str:
    stored = "" if kind == "string" else f' office:{ {"float": "value"}.get(kind, f"{kind}-value") }="{value}"'
    return (
        f'<table:table-cell office:value-type="{kind}"{stored} {attributes}><text:p>{value}</text:p></table:table-cell>'
    )


def ods_row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def xlsb(path: Path, rows: list[list[str | float]]) -> Path:
    """A binary workbook ([MS-XLSB]) with texts and numbers."""
    sheet = _record(129) + _record(148, struct.pack("<IIII", 0, len(rows), 0, len(rows[0]))) + _record(145)
    for number, row in enumerate(rows):
        sheet += _record(0, struct.pack("<IIHBBBI", number, 0, 300, 0, 0, 0, 0))
        for column, value in enumerate(row):
            place = struct.pack("<II", column, 0)
            is_text = isinstance(value, str)
            sheet += _record(6, place + _wide(value)) if is_text else _record(5, place + struct.pack("<d", value))
    sheet += _record(146) + _record(130)
    bundle = struct.pack("<II", 0, 1) + _wide("rId1") + _wide("Clients")
    book = _record(131) + _record(143) + _record(156, bundle) + _record(144) + _record(132)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", "<Types/>")
        file.writestr("xl/workbook.bin", book)
        file.writestr("xl/worksheets/sheet1.bin", sheet)
        file.writestr(
            "xl/_rels/workbook.bin.rels",
            '<Relationships><Relationship Id="rId1" Type="worksheet" Target="worksheets/sheet1.bin"/></Relationships>',
        )
    return path


def _record(kind: int, content: bytes = b"") -> bytes:
    return _variable(kind) + _variable(len(content)) + content


def _variable(number: int) -> bytes:
    low, high = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _variable(high) if high else bytes([low])


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")
