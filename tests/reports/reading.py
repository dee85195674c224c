"""Shared by the tests of reports: uploads made from bytes, and written files read by other libraries."""

import csv
import io
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq

from webapp.ports.tables import TableSchema
from webapp.reports.reading import sources


class Uploaded:
    """A parsed upload: its schema and the rows of its typed copy."""

    def __init__(self, schema: TableSchema, typed: Path) -> None:
        self.schema = schema
        self.typed = typed
        self.types = {column.name: column.type for column in schema.columns}
        self.notes = " ".join(schema.notes)

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in pq.read_table(self.typed).to_pylist()]

    def column(self, name: str) -> list[Any]:
        return pq.read_table(self.typed).column(name).to_pylist()


def upload(folder: Path, content: bytes | str, name: str = "clients.csv") -> Uploaded:
    path = folder / "upload"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Uploaded(sources.understand(path, name, folder / "typed"), folder / "typed")


def xlsx_rows(path: Path, sheet: int = 0) -> list[tuple[Any, ...]]:
    return list(openpyxl.load_workbook(path).worksheets[sheet].iter_rows(values_only=True))


def csv_rows(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))
