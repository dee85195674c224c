"""What a column of texts holds, found out batch by batch: each value may rule out what the column could be."""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from webapp.reports.reading.overrides import TYPES, impossible
from webapp.reports.reading.value_formats import SHAPES, ValueFormat

ARROW_TYPES = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "yes-no": pa.bool_(),
    "date": pa.date32(),
    "time": pa.timestamp("us"),
}


# No plain Python value is handed to Arrow on the usual path: it would import pandas (1 s, 60 MB) to look at it.
_NOTHING = pa.nulls(1, pa.string())[0]


def is_filled(texts: pa.Array) -> pa.Array:
    return pc.cast(pc.binary_length(texts), pa.bool_())


@dataclass(frozen=True)
class Reading:
    """How a column is read: its type, the conversion of a whole array of texts, and a remark for people."""

    type: str
    read: Callable[[pa.Array], pa.Array]
    note: str = ""


class TypeGuess:
    """The shapes that every value of one column so far has."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.shapes: list[ValueFormat] = list(SHAPES)
        self.filled = 0
        self.decided_point = ""  # "." or "," once a value can be read in one way only
        self._fell: tuple[str, int] | None = None
        self._sample = ""

    def feed(self, texts: pa.Array, first_row: int) -> None:
        """Looks at one batch; `first_row` is the number of its first row as people count."""
        trimmed = pc.utf8_trim_whitespace(texts)
        filled = is_filled(trimmed)
        count = pc.sum(filled).as_py() or 0
        if not count or not self.shapes:
            self.filled += count
            return
        values = trimmed if count == len(trimmed) else trimmed.filter(filled)
        before = self.shapes
        few = values.slice(0, 4).to_pylist()
        self._sample = self._sample or few[0]
        self.shapes = _held([shape for shape in before if all(map(shape.fits, few))], values)
        if not self.shapes:
            likely = [shape for shape in before if any(map(shape.fits, few))]
            self._remember_what_fell(trimmed, likely, first_row)
        self.filled += count

    def _remember_what_fell(self, trimmed: pa.Array, before: list[ValueFormat], first_row: int) -> None:
        """The value that spoils a column which is otherwise of one type, where there are few of them."""
        for shape in before:
            fits = pc.match_substring_regex(trimmed, shape.pattern)
            spoils = pc.and_not(is_filled(trimmed), fits)
            wrong = pc.sum(spoils).as_py() or 0
            if wrong and shape.type != "text" and wrong * 5 < self.filled + len(trimmed) - wrong:
                place = pc.indices_nonzero(spoils)[0].as_py()
                self._fell = (trimmed[place].as_py(), first_row + place)
                return

    def settle(self, decimal_point: str, wished: str = "") -> Reading:
        """The reading; `decimal_point` of the file decides what the column itself leaves open.

        `wished`: one of wish.TYPES, which goes before; UserError where the column does not hold that.
        """
        names = {shape.name: shape for shape in self.shapes}
        if wished:
            return self._as_wished(wished, names)
        if not names or not self.filled:
            return _as_text(self._remark())
        if "long" in names and "integer" not in names:
            return _as_text("Some of these numbers have more digits than a spreadsheet keeps, so they stay text.")
        if "integer" not in names and {"point", "comma"} <= set(names):
            return self._undecided(names["comma" if decimal_point == "," else "point"])
        if {"day first", "month first"} <= set(names) or {"day first time", "month first time"} <= set(names):
            return _as_text("It is not clear which number is the day and which the month, so these dates stay text.")
        return _reading(self.shapes[0])

    def _as_wished(self, wished: str, names: dict[str, ValueFormat]) -> Reading:
        if wished == "text":
            return _as_text()
        found = next((names[name] for name in TYPES[wished][1] if name in names), None)
        if found is None:
            raise impossible(self.name, wished, self._remark())
        return _reading(found)

    def _undecided(self, shape: ValueFormat) -> Reading:
        number = shape.read(pa.array([self._sample]))[0].as_py()
        return _reading(shape, f"“{self._sample}” can be read in two ways. It was read as {number:.15g}.")

    @property
    def point(self) -> str:
        """The decimal sign that this column alone proves, or nothing."""
        names = {shape.name for shape in self.shapes}
        if not self.filled or "integer" in names:
            return ""
        return {(True, False): ".", (False, True): ","}.get(("point" in names, "comma" in names), "")

    def _remark(self) -> str:
        if self._fell is None:
            return ""
        value, row = self._fell
        shown = value if len(value) <= 30 else value[:29] + "…"
        return f"Read as text, because row {row} holds “{shown}”."


def _held(shapes: list[ValueFormat], values: pa.Array) -> list[ValueFormat]:
    implied: set[str] = set()
    held = []
    for shape in shapes:
        if shape.name in implied or _has(values, shape):
            implied.update(shape.implies)
            held.append(shape)
    return held


def _has(values: pa.Array, shape: ValueFormat) -> bool:
    if not pc.all(pc.match_substring_regex(values, shape.pattern)).as_py():
        return False
    try:
        shape.read(values)
    except pa.ArrowInvalid:
        return False
    return True


def _as_text(note: str = "") -> Reading:
    def read(texts: pa.Array) -> pa.Array:
        return pc.if_else(is_filled(texts), texts, _NOTHING)

    return Reading("text", read, note)


def _reading(shape: ValueFormat, note: str = "") -> Reading:
    def read(texts: pa.Array) -> pa.Array:
        trimmed = pc.utf8_trim_whitespace(texts)
        return shape.read(pc.if_else(is_filled(trimmed), trimmed, _NOTHING))

    return Reading(shape.type, read, note)
