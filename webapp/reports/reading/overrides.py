"""What a person can override in how a table is read: the sheet, and the types of columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from webapp.errors import UserError

# A choice, its label, and the formats (value_formats.py) of which the column must have one; text is always possible.
TYPES: dict[str, tuple[str, tuple[str, ...]]] = {
    "text": ("text", ()),
    "integer": ("whole number", ("integer",)),
    "point": ("number, 1240.5", ("point",)),
    "comma": ("number, 1240,5", ("comma",)),
    "yes-no": ("yes or no", ("truth",)),
    "dmy": ("date, the day first", ("day first", "day first time", "dotted", "dotted time")),
    "mdy": ("date, the month first", ("month first", "month first time")),
    "ymd": ("date, the year first", ("iso", "iso time", "year first", "year first time")),
}


@dataclass(frozen=True)
class ParseOverrides:
    """`sheet` of a workbook, and for columns by their names one of TYPES."""

    sheet: str = ""
    types: Mapping[str, str] = field(default_factory=dict)


NOTHING = ParseOverrides()


def impossible(name: str, type_override: str, remark: str) -> UserError:
    """Returns the error for a column whose values do not fit the chosen type."""
    why = remark.removeprefix("Read as text, because ").rstrip(".") or "its values are of another kind"
    return UserError(f"“{name}” cannot be read as {TYPES[type_override][0]}: {why}.", "data")
