"""Reads a workbook (.xlsx, .xls, .xlsb, .ods) with calamine: first to find out its types, then to write them down."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum
from python_calamine import SheetVisibleEnum as Visible

from webapp.errors import UserError
from webapp.ports.tables import Column, TableSchema
from webapp.reports.reading import column_names as names
from webapp.reports.reading import file_type, sheet_xml, typed_copy
from webapp.reports.reading.cells import Kinds, Wished, shown
from webapp.reports.reading.overrides import NOTHING, ParseOverrides
from webapp.reports.reading.type_inference import ARROW_TYPES

_CELLS = 400_000  # turned into Python values at a time


def understand(path: Path, name: str, target: Path, wish: ParseOverrides = NOTHING) -> TableSchema:
    """Writes the typed copy of the first visible sheet that holds something, or of the wished one."""
    try:
        with CalamineWorkbook.from_path(path) as book:
            sheet, notes, sheets = _chosen(book, name, wish.sheet)
            return _Sheet(sheet, path, name, wish).written(target, notes, sheets)
    except PasswordError:
        raise file_type.protected(name) from None
    except CalamineError:
        raise file_type.broken(name) from None
    except BaseException as error:  # a panic of calamine is no Exception; all others are raised again
        if "PyObject pointer is null" in str(error):  # how pyo3 says that Python had no memory for a cell
            raise MemoryError from error
        if _is_calamines(error):
            raise file_type.broken(name) from None
        raise


def _is_calamines(error: BaseException) -> bool:
    return type(error).__name__ == "PanicException" or (isinstance(error, OSError) and error.errno is None)


def _chosen(book: CalamineWorkbook, name: str, wished: str) -> tuple[CalamineSheet, list[str], list[str]]:
    sheets = [meta for meta in book.sheets_metadata if meta.typ == SheetTypeEnum.WorkSheet]
    names = [meta.name for meta in sheets]
    if wished and wished not in names:
        raise UserError(f"“{name}” has no sheet “{wished}”. Its sheets are {', '.join(names[:20])}.", "data")
    wanted = [meta for meta in sheets if not wished or meta.name == wished]
    for meta in sorted(wanted, key=lambda meta: meta.visible != Visible.Visible):
        sheet = book.get_sheet_by_name(meta.name)
        if sheet.start is not None and any(any(cell != "" for cell in row) for row in sheet.iter_rows()):
            return sheet, _remarks(meta, len(sheets), wished), names
    raise UserError(f"The sheet “{wished}” of “{name}” is empty.", "data") if wished else file_type.empty(name)


def _remarks(meta: Any, count: int, wished: str) -> list[str]:
    notes: list[str] = []
    if wished:
        return notes
    if meta.visible != Visible.Visible:
        notes.append(f"The sheet “{meta.name}” is hidden. It was read because no other holds anything.")
    if count > 1:
        notes.append(f"The file has {count} sheets. “{meta.name}” was read, the others were not.")
    return notes


class _Sheet:
    """One sheet: a header, and below it rows of Python values that can be read again and again."""

    def __init__(self, sheet: CalamineSheet, path: Path, name: str, wish: ParseOverrides) -> None:
        self._wish = wish
        self._sheet = sheet
        self._name = name
        self._first = (sheet.start or (0, 0))[0] + 1
        self._column = (sheet.start or (0, 0))[1]
        self._gaps = sheet_xml.gaps(path, sheet.name)
        rows = sheet.iter_rows()
        self._above = 0
        for header in rows:
            self._above += 1
            if any(cell != "" for cell in header):
                self.header = [shown(cell) for cell in header]
                break

    def written(self, target: Path, notes: list[str], sheets: list[str]) -> TableSchema:
        kinds: list[Kinds | Wished] = [*self._kinds()]
        kept = [place for place, kind in enumerate(kinds) if kind.filled or self.header[place].strip()]
        named, changes = names.made_unique([self.header[place] for place in kept])
        for title, place in zip(named, kept, strict=True):
            if wished := self._wish.types.get(title):
                kinds[place] = Wished(title, wished, self._cells_of(place))
        columns = [
            Column(title, kinds[place].type, kinds[place].note, self._wish.types.get(title, ""))
            for title, place in zip(named, kept, strict=True)
        ]
        schema = pa.schema([(column.name, ARROW_TYPES[column.type]) for column in columns])
        with typed_copy.writing(target, schema) as file:
            empty = self._write(file, [kinds[place] for place in kept], kept, schema)
        if empty:
            notes = [*notes, f"{empty:,} empty {'row was' if empty == 1 else 'rows were'} left out."]
        remarks = [f"“{column.name}”: {column.note}" for column in columns if column.note]
        return TableSchema(
            file.rows,
            columns,
            sheet=self._sheet.name,
            notes=[*notes, *changes, *remarks, *self._gaps.notes(self._name)],
            sheets=sheets,
        )

    def _kinds(self) -> list[Kinds]:
        kinds = [Kinds() for _ in self.header]
        first_row = self._first + self._above
        for rows in self._chunks():
            for kind, cells in zip(kinds, zip(*rows, strict=True), strict=True):
                kind.feed(cells, first_row)
            first_row += len(rows)
        return kinds

    def _cells_of(self, place: int) -> Iterator[tuple[int, list[Any]]]:
        first_row = self._first + self._above
        for rows in self._chunks():
            yield first_row, [row[place] for row in rows]
            first_row += len(rows)

    def _write(
        self, file: typed_copy.TypedFile, kinds: "list[Kinds | Wished]", kept: list[int], schema: pa.Schema
    ) -> int:
        """The number of empty rows left out between others."""
        empty = waiting = 0
        for rows in self._chunks():
            filled = []
            for row in rows:
                if any(cell != "" for cell in row):
                    empty, waiting = empty + waiting, 0
                    filled.append(row)
                else:
                    waiting += 1
            columns = list(zip(*filled, strict=True))
            if columns:
                arrays = [kind.array(columns[place]) for kind, place in zip(kinds, kept, strict=True)]
                file.add(pa.record_batch(arrays, schema=schema))
        return empty

    def _chunks(self) -> Iterator[list[list[Any]]]:
        rows = self._sheet.iter_rows()
        for _ in islice(rows, self._above):
            pass
        size = max(1, _CELLS // max(1, len(self.header)))
        while chunk := list(islice(rows, size)):
            yield chunk
