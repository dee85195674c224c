"""Reads a workbook (.xlsx, .xls, .xlsb, .ods) with calamine: first to infer its types, then to write the typed copy."""

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
from webapp.reports.reading.cells import Kinds, OverriddenColumn, shown
from webapp.reports.reading.overrides import NOTHING, ParseOverrides
from webapp.reports.reading.type_inference import ARROW_TYPES

_CELLS = 400_000  # turned into Python values at a time


def understand(path: Path, name: str, target: Path, overrides: ParseOverrides = NOTHING) -> TableSchema:
    """Writes the typed copy of the chosen sheet, else of the first visible one with data; returns its schema."""
    try:
        with CalamineWorkbook.from_path(path) as book:
            sheet, notes, sheets = _chosen(book, name, overrides.sheet)
            return _Sheet(sheet, path, name, overrides).written(target, notes, sheets)
    except PasswordError:
        raise file_type.protected(name) from None
    except CalamineError:
        raise file_type.broken(name) from None
    except BaseException as error:  # a panic of calamine is not an Exception; all others are raised again
        if "PyObject pointer is null" in str(error):  # pyo3's message when Python has no memory for a cell
            raise MemoryError from error
        if _is_calamines(error):
            raise file_type.broken(name) from None
        raise


def _is_calamines(error: BaseException) -> bool:
    return type(error).__name__ == "PanicException" or (isinstance(error, OSError) and error.errno is None)


def _chosen(book: CalamineWorkbook, name: str, sheet_name: str) -> tuple[CalamineSheet, list[str], list[str]]:
    sheets = [meta for meta in book.sheets_metadata if meta.typ == SheetTypeEnum.WorkSheet]
    names = [meta.name for meta in sheets]
    if sheet_name and sheet_name not in names:
        raise UserError(f"“{name}” has no sheet “{sheet_name}”. Its sheets are {', '.join(names[:20])}.", "data")
    candidates = [meta for meta in sheets if not sheet_name or meta.name == sheet_name]
    for meta in sorted(candidates, key=lambda meta: meta.visible != Visible.Visible):
        sheet = book.get_sheet_by_name(meta.name)
        if sheet.start is not None and any(any(cell != "" for cell in row) for row in sheet.iter_rows()):
            return sheet, _remarks(meta, len(sheets), sheet_name), names
    raise UserError(f"The sheet “{sheet_name}” of “{name}” is empty.", "data") if sheet_name else file_type.empty(name)


def _remarks(meta: Any, count: int, sheet_name: str) -> list[str]:
    notes: list[str] = []
    if sheet_name:
        return notes
    if meta.visible != Visible.Visible:
        notes.append(f"The sheet “{meta.name}” is hidden. It was read because all others are empty.")
    if count > 1:
        notes.append(f"The file has {count} sheets. “{meta.name}” was read, the others were not.")
    return notes


class _Sheet:
    """One sheet: a header, and below it rows of Python values that can be read repeatedly."""

    def __init__(self, sheet: CalamineSheet, path: Path, name: str, overrides: ParseOverrides) -> None:
        self._overrides = overrides
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
        kinds: list[Kinds | OverriddenColumn] = [*self._kinds()]
        positions_used = [
            position for position, kind in enumerate(kinds) if kind.filled or self.header[position].strip()
        ]
        named, changes = names.made_unique([self.header[position] for position in positions_used])
        for title, position in zip(named, positions_used, strict=True):
            if sheet_name := self._overrides.types.get(title):
                kinds[position] = OverriddenColumn(title, sheet_name, self._cells_of(position))
        columns = [
            Column(title, kinds[position].type, kinds[position].note, self._overrides.types.get(title, ""))
            for title, position in zip(named, positions_used, strict=True)
        ]
        schema = pa.schema([(column.name, ARROW_TYPES[column.type]) for column in columns])
        with typed_copy.writing(target, schema) as file:
            empty = self._write(file, [kinds[position] for position in positions_used], positions_used, schema)
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

    def _cells_of(self, position: int) -> Iterator[tuple[int, list[Any]]]:
        first_row = self._first + self._above
        for rows in self._chunks():
            yield first_row, [row[position] for row in rows]
            first_row += len(rows)

    def _write(
        self,
        file: typed_copy.TypedFile,
        kinds: "list[Kinds | OverriddenColumn]",
        positions_used: list[int],
        schema: pa.Schema,
    ) -> int:
        """Writes the rows; returns the number of empty rows left out between others."""
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
                arrays = [kind.array(columns[position]) for kind, position in zip(kinds, positions_used, strict=True)]
                file.add(pa.record_batch(arrays, schema=schema))
        return empty

    def _chunks(self) -> Iterator[list[list[Any]]]:
        rows = self._sheet.iter_rows()
        for _ in islice(rows, self._above):
            pass
        size = max(1, _CELLS // max(1, len(self.header)))
        while chunk := list(islice(rows, size)):
            yield chunk
