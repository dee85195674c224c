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
    wished: str = ""  # how a person wants it read, one of reports.wish.TYPES


@dataclass(frozen=True)
class TableSchema:
    """What was understood of an uploaded table; stored as JSON beside it."""

    rows: int
    columns: Sequence[Column]
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    notes: Sequence[str] = ()
    sheets: Sequence[str] = ()  # of a workbook, those that could have been read


@dataclass(frozen=True)
class Table:
    """An uploaded table: `path` is the file as it came, `typed` the same as Parquet with the types of `understood`."""

    id: str
    name: str
    path: Path
    typed: Path
    understood: TableSchema


@dataclass(frozen=True)
class Parameter:
    """A named value of a saved query: `type` is text, number, date or choice; choices are written down or found.

    `query`: the number of the query whose first column holds the choices, 0 for none.
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
    """A query that an admin wrote, as whoever uses it sees it; `columns` as they were when it was tried."""

    id: str
    name: str
    columns: Sequence[Column]
    parameters: Sequence[Parameter] = ()
