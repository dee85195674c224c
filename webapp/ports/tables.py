"""Tables that reports and mailings read: uploads and saved queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Column:
    """A column of a table: `type` is text, integer, number, yes-no, date or time (a date with a time)."""

    name: str
    type: str
    note: str = ""
    wished: str = ""  # the type that a person chose, one of reading.overrides.TYPES


@dataclass(frozen=True)
class TableSchema:
    """The schema of an uploaded table, and notes on its reading; stored as JSON with the upload."""

    rows: int
    columns: Sequence[Column]
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    notes: Sequence[str] = ()
    sheets: Sequence[str] = ()  # of a workbook: all sheets that can be chosen


@dataclass(frozen=True)
class Table:
    """An uploaded table: `path` is the file as it came, `typed` the same as Parquet with the types of `schema`."""

    id: str
    name: str
    path: Path
    typed: Path
    schema: TableSchema


@dataclass(frozen=True)
class Parameter:
    """A named value of a saved query: `type` is text, number, date or choice; choices are fixed or queried.

    `query`: the id of the query whose first column has the choices; 0 for none.
    """

    name: str
    title: str = ""
    type: str = "text"
    choices: Sequence[str] = ()
    query: int = 0
    default: str = ""
    optional: bool = False


@dataclass(frozen=True)
class SavedQuery:
    """A query that an admin wrote, as its users see it; `columns`: as they were when the query was tested."""

    id: str
    name: str
    columns: Sequence[Column]
    parameters: Sequence[Parameter] = ()
