"""The plan of a report: which columns and rows, how they are grouped, sorted and summed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date
from typing import Literal

from webapp import clock

How = Literal["sum", "mean", "min", "max", "count"]
Test = Literal["=", "≠", "<", "≤", ">", "≥", "contains", "empty", "filled"]

TESTS: dict[Test, str] = {
    "=": "is",
    "≠": "is not",
    "<": "is less than, or before",
    "≤": "is at most, or until",
    ">": "is more than, or after",
    "≥": "is at least, or from",
    "contains": "contains",
    "empty": "is empty",
    "filled": "is not empty",
}
HOWS: dict[How, str] = {"sum": "total", "mean": "average", "min": "lowest", "max": "highest", "count": "count"}
NUMBERS = ("integer", "number")
DAYS = ("date", "time")
ROWS = "Rows"  # the column that counts rows


@dataclass(frozen=True)
class Filter:
    """Keeps the rows whose cell passes the test; `value` as a person types it."""

    column: str
    test: Test
    value: str = ""


@dataclass(frozen=True)
class Work:
    """A calculation on a column; with the column "" the rows are counted."""

    column: str
    how: How


@dataclass(frozen=True)
class Order:
    column: str
    descending: bool = False


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a report contains. `today`: the base of “last month”; `names`: other names of columns in the report."""

    columns: Sequence[str] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    filters: Sequence[Filter] = ()
    group_by: Sequence[str] = ()
    across: str = ""
    works: Sequence[Work] = ()
    sort: Sequence[Order] = ()
    top: int | None = None
    total_row: bool = False
    today: date = field(default_factory=lambda: clock.today(UTC))

    @property
    def is_grouped(self) -> bool:
        """True if rows are grouped; without groups a total row can hold the calculations."""
        return bool(self.group_by or (self.works and not self.total_row))

    @property
    def titles(self) -> list[str]:
        """The title of each computed column; a single total keeps the name of its column."""
        found: list[str] = []
        for work in self.works:
            title = self._title(work)
            while title in found or title in self.group_by:
                title += " (2)"
            found.append(title)
        return found

    def _title(self, work: Work) -> str:
        if not work.column:
            return ROWS
        is_alone = sum(other.column == work.column for other in self.works) == 1
        is_plain = is_alone and work.how == "sum" and work.column not in self.group_by
        return work.column if is_plain else f"{work.column}: {HOWS[work.how]}"

    @property
    def outcome(self) -> list[str]:
        """The columns of a grouped report, before a cross table spreads them and before they are renamed."""
        return [*self.group_by, *(self.titles or ([ROWS] if self.group_by else []))]


def find(name: str, columns: Sequence[str]) -> str | None:
    """Returns the column with this name; else the only one that differs just in case; else None."""
    if name in columns:
        return name
    alike = [column for column in columns if column.casefold() == name.casefold()]
    return alike[0] if len(alike) == 1 else None
