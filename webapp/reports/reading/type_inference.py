"""Infers the type of a column of texts batch by batch: each value may rule out formats."""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from webapp.reports.reading.overrides import TYPES, impossible
from webapp.reports.reading.value_formats import FORMATS, ValueFormat

ARROW_TYPES = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "yes-no": pa.bool_(),
    "date": pa.date32(),
    "time": pa.timestamp("us"),
}


# Given a plain Python value, Arrow would import pandas (1 s, 60 MB) to inspect it: the usual path avoids that.
_NOTHING = pa.nulls(1, pa.string())[0]


def is_filled(texts: pa.Array) -> pa.Array:
    return pc.cast(pc.binary_length(texts), pa.bool_())


@dataclass(frozen=True)
class Reading:
    """How a column is read: its type, the conversion of an array of texts, and a note for people."""

    type: str
    read: Callable[[pa.Array], pa.Array]
    note: str = ""


class TypeGuess:
    """The formats that fit every value of one column so far."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.formats: list[ValueFormat] = list(FORMATS)
        self.filled = 0
        self._misfit: tuple[str, int] | None = None
        self._sample = ""

    def feed(self, texts: pa.Array, first_row: int) -> None:
        """Takes one batch into account; `first_row` is the number of its first row, counted from 1."""
        trimmed = pc.utf8_trim_whitespace(texts)
        filled = is_filled(trimmed)
        count = pc.sum(filled).as_py() or 0
        if not count or not self.formats:
            self.filled += count
            return
        values = trimmed if count == len(trimmed) else trimmed.filter(filled)
        before = self.formats
        few = values.slice(0, 4).to_pylist()
        self._sample = self._sample or few[0]
        self.formats = _fitting([format for format in before if all(map(format.fits, few))], values)
        if not self.formats:
            likely = [format for format in before if any(map(format.fits, few))]
            self._store_misfit(trimmed, likely, first_row)
        self.filled += count

    def _store_misfit(self, trimmed: pa.Array, before: list[ValueFormat], first_row: int) -> None:
        """Stores the first value that does not fit an otherwise uniform column, if there are few of them."""
        for format in before:
            fits = pc.match_substring_regex(trimmed, format.pattern)
            misfits = pc.and_not(is_filled(trimmed), fits)
            misfit_count = pc.sum(misfits).as_py() or 0
            if misfit_count and format.type != "text" and misfit_count * 5 < self.filled + len(trimmed) - misfit_count:
                position = pc.indices_nonzero(misfits)[0].as_py()
                self._misfit = (trimmed[position].as_py(), first_row + position)
                return

    def settle(self, decimal_point: str, type_override: str = "") -> Reading:
        """Returns the reading; the file's `decimal_point` decides if the column alone is ambiguous.

        `type_override`, one of overrides.TYPES, takes precedence; raises UserError if the values do not fit it.
        """
        names = {format.name: format for format in self.formats}
        if type_override:
            return self._as_overridden(type_override, names)
        if not names or not self.filled:
            return _as_text(self._remark())
        if "long" in names and "integer" not in names:
            return _as_text("Some of these numbers have more digits than a spreadsheet keeps, so they stay text.")
        if "integer" not in names and {"point", "comma"} <= set(names):
            return self._undecided(names["comma" if decimal_point == "," else "point"])
        if {"day first", "month first"} <= set(names) or {"day first time", "month first time"} <= set(names):
            return _as_text("It is not clear which number is the day and which the month, so these dates stay text.")
        return _reading(self.formats[0])

    def _as_overridden(self, type_override: str, names: dict[str, ValueFormat]) -> Reading:
        if type_override == "text":
            return _as_text()
        found = next((names[name] for name in TYPES[type_override][1] if name in names), None)
        if found is None:
            raise impossible(self.name, type_override, self._remark())
        return _reading(found)

    def _undecided(self, format: ValueFormat) -> Reading:
        number = format.read(pa.array([self._sample]))[0].as_py()
        return _reading(format, f"“{self._sample}” is ambiguous. It was read as {number:.15g}.")

    @property
    def point(self) -> str:
        """The decimal sign that this column alone proves; empty if none."""
        names = {format.name for format in self.formats}
        if not self.filled or "integer" in names:
            return ""
        return {(True, False): ".", (False, True): ","}.get(("point" in names, "comma" in names), "")

    def _remark(self) -> str:
        if self._misfit is None:
            return ""
        value, row = self._misfit
        excerpt = value if len(value) <= 30 else value[:29] + "…"
        return f"Read as text, because row {row} holds “{excerpt}”."


def _fitting(formats: list[ValueFormat], values: pa.Array) -> list[ValueFormat]:
    implied: set[str] = set()
    fitting = []
    for format in formats:
        if format.name in implied or _fits_all(values, format):
            implied.update(format.implies)
            fitting.append(format)
    return fitting


def _fits_all(values: pa.Array, format: ValueFormat) -> bool:
    if not pc.all(pc.match_substring_regex(values, format.pattern)).as_py():
        return False
    try:
        format.read(values)
    except pa.ArrowInvalid:
        return False
    return True


def _as_text(note: str = "") -> Reading:
    def read(texts: pa.Array) -> pa.Array:
        return pc.if_else(is_filled(texts), texts, _NOTHING)

    return Reading("text", read, note)


def _reading(format: ValueFormat, note: str = "") -> Reading:
    def read(texts: pa.Array) -> pa.Array:
        trimmed = pc.utf8_trim_whitespace(texts)
        return format.read(pc.if_else(is_filled(trimmed), trimmed, _NOTHING))

    return Reading(format.type, read, note)
