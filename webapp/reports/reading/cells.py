"""The values that calamine makes of a workbook's cells: the type of a column, and cells as text."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import pyarrow as pa

from webapp.reports.reading.type_inference import ARROW_TYPES, TypeGuess
from webapp.reports.reading.value_formats import LARGEST

_WORDS = {"text": "text", "number": "numbers", "yes-no": "true or false", "date": "dates", "clock": "times of day"}
_WORDS |= {"time": "dates", "duration": "durations"}
_KINDS = {str: "text", bool: "yes-no", int: "number", float: "number", date: "date", datetime: "time"}
_KINDS |= {time: "clock", timedelta: "duration"}
KNOWN = frozenset(_KINDS)
_ISO_DURATION = re.compile(r"PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S")  # a time in OpenDocument, as calamine returns it


class Kinds:
    """Collects the kinds of value in one column, batch by batch."""

    def __init__(self) -> None:
        self._first: dict[str, int] = {}  # kind → the row of its first value
        self._is_whole = True

    def feed(self, cells: Sequence[Any], first_row: int) -> None:
        present = {_KINDS[kind] for kind in set(map(type, cells)) if kind is not str}
        if any(type(cell) is str and cell for cell in cells):
            present.add("text")
        for kind in present - self._first.keys():
            position = next(
                position for position, cell in enumerate(cells) if cell != "" and _KINDS[type(cell)] == kind
            )
            self._first[kind] = first_row + position
        if "number" in present and self._is_whole:
            self._is_whole = all(_is_whole(cell) for cell in cells if isinstance(cell, int | float))

    @property
    def filled(self) -> bool:
        return bool(self._first)

    @property
    def type(self) -> str:
        kinds = set(self._first)
        if kinds == {"number"}:
            return "integer" if self._is_whole else "number"
        if kinds in ({"yes-no"}, {"date"}):
            return kinds.pop()
        return "time" if kinds and kinds <= {"date", "time"} else "text"

    @property
    def note(self) -> str:
        if self.type != "text" or self._first.keys() <= {"text"}:
            return ""
        if len(self._first) == 1:
            return f"Its {_WORDS[next(iter(self._first))]} are read as text."
        found = ", ".join(f"{_WORDS[kind]} (first in row {row})" for kind, row in self._first.items())
        return f"Read as text, because it holds {found}."

    def array(self, cells: Sequence[Any]) -> pa.Array:
        column_type = self.type
        if column_type == "text":
            return pa.array([shown(cell) or None for cell in cells], pa.string())
        values = [None if cell == "" else cell for cell in cells]
        if column_type == "integer":
            values = [None if value is None else int(value) for value in values]
        if column_type == "time":
            values = [_moment(value) if type(value) is date else value for value in values]
        return pa.array(values, ARROW_TYPES[column_type])


class OverriddenColumn:
    """A column whose type a person has chosen: its cells are read as they are shown."""

    def __init__(self, name: str, type_override: str, chunks: Iterable[tuple[int, Sequence[Any]]]) -> None:
        guess = TypeGuess(name)
        for first_row, cells in chunks:
            guess.feed(_texts(cells), first_row)
        self._reading = guess.settle(".", type_override)
        self.type, self.note, self.filled = self._reading.type, self._reading.note, bool(guess.filled)

    def array(self, cells: Sequence[Any]) -> pa.Array:
        return self._reading.read(_texts(cells))


def _texts(cells: Sequence[Any]) -> pa.Array:
    return pa.array([shown(cell) for cell in cells], pa.string())


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)


def _is_whole(number: float) -> bool:
    return abs(number) <= LARGEST and number == int(number)


def shown(cell: Any) -> str:
    """Returns the cell as the spreadsheet shows it."""
    if isinstance(cell, str):
        return _clock_of_iso(cell)
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, float):
        return str(int(cell)) if _is_whole(cell) else f"{cell:.15g}"
    if isinstance(cell, timedelta):
        return clock(cell)
    if isinstance(cell, time):
        return cell.isoformat("minutes" if not (cell.second or cell.microsecond) else "auto")
    return cell.isoformat(" ") if isinstance(cell, datetime) else str(cell)


def clock(duration: timedelta) -> str:
    """Returns a duration as hours, minutes and seconds: 26.5 hours are “26:30:00”."""
    sign, size = ("-", -duration) if duration < timedelta() else ("", duration)
    seconds, fraction = size.days * 86400 + size.seconds, size.microseconds
    text = f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{fraction:06}" if fraction else text


def _clock_of_iso(text: str) -> str:
    match = _ISO_DURATION.fullmatch(text)
    return f"{int(match[1]):02}:{match[2]}:{match[3]}" if match else text
