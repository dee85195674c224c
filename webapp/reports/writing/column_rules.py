"""How columns of truth values, numbers and texts are written, and all types that have no rule of their own."""

import json
import re
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from webapp.reports import arrow_scalars
from webapp.reports.reading import cells
from webapp.reports.reading.value_formats import LARGEST
from webapp.reports.shaping import exact_sums

MOST_DECIMALS = 4  # a column with more has no common format: each number shows its own decimals
LONGEST_TEXT = 32_767  # Excel's limit for a cell, in UTF-16 units
# Characters that XML 1.0 cannot hold, and those that Excel would show as “_x0001_”.
_ILLEGAL = "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
_ODD = "[\x00-\x08\x0b-\x1f\ufffe\uffff]"
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class ColumnRule:
    """Inspects every array of a column once, then converts it. This rule leaves arrays unchanged."""

    format = ""
    width = 10

    def __init__(self, name: str, kind: pa.DataType, for_excel: bool) -> None:
        self.name = name
        self.kind = kind
        self.for_excel = for_excel

    @property
    def target(self) -> pa.DataType:
        return self.kind

    def look(self, array: pa.Array) -> None:
        """Inspects an array before any is converted; this rule needs nothing."""

    def convert(self, array: pa.Array) -> pa.Array:
        return array

    def notes(self) -> list[str]:
        return []

    def note(self, text: str) -> str:
        """Returns a note that names the column."""
        return f"“{self.name}”: {text}"


class IntegerRule(ColumnRule):
    """Integers: a spreadsheet keeps them exactly up to 2⁵³."""

    largest = 0

    def look(self, array: pa.Array) -> None:
        ends = pc.min_max(array).as_py()
        self.largest = max(self.largest, -(ends["min"] or 0), ends["max"] or 0)
        self.width = max(self.width, len(str(self.largest)) + 2)

    @property
    def is_text(self) -> bool:
        return self.for_excel and self.largest > LARGEST

    @property
    def target(self) -> pa.DataType:
        if not self.for_excel:
            return self.kind
        return pa.string() if self.is_text else pa.int64()

    def convert(self, array: pa.Array) -> pa.Array:
        return pc.cast(array, self.target)

    def notes(self) -> list[str]:
        if not self.is_text:
            return []
        return [self.note("the numbers are written as text, because some have more digits than Excel keeps.")]


class Fraction(ColumnRule):
    """Floating-point numbers; the writers write “inf” for an infinite one."""

    infinite = undefined = 0
    decimals: int | None = 0  # decimals that all numbers so far need; None: more than MOST_DECIMALS
    width = 12
    target = pa.float64()

    def look(self, array: pa.Array) -> None:
        numbers = self._wide(array)
        self.infinite += pc.sum(pc.is_inf(numbers)).as_py() or 0
        self.undefined += pc.sum(pc.is_nan(numbers)).as_py() or 0
        if self.decimals is not None:
            found = exact_sums.decimals_of(numbers)
            self.decimals = None if found is None or found > MOST_DECIMALS else max(self.decimals, found)

    @property
    def format(self) -> str:  # type: ignore[override]
        return decimals(self.decimals) if self.decimals else ""

    def convert(self, array: pa.Array) -> pa.Array:
        numbers = self._wide(array)
        if not self.undefined:
            return numbers
        return pc.if_else(pc.is_nan(numbers), pa.nulls(len(numbers), pa.float64()), numbers)

    def _wide(self, array: pa.Array) -> pa.Array:
        wide = pc.cast(array, pa.float64())
        if self.kind != pa.float32():
            return wide
        # Through the shortest text 0.1 stays 0.1 and does not become 0.10000000149; integers beyond 2²⁴ are exact.
        short = pc.cast(pc.cast(array, pa.string()), pa.float64())
        return pc.if_else(pc.less(pc.abs(wide), arrow_scalars.number(2.0**24)), short, wide)

    def notes(self) -> list[str]:
        notes = []
        if self.infinite:
            notes.append(self.note(f"{values(self.infinite)} infinite and written as the text “inf”."))
        if self.undefined:
            notes.append(self.note(f"{values(self.undefined)} not a number and left empty."))
        return notes


class Exact(ColumnRule):
    """Decimal numbers: a spreadsheet shows up to 15 digits exactly."""

    most = 0

    def look(self, array: pa.Array) -> None:
        ends = pc.min_max(array).as_py()
        for end in (ends["min"], ends["max"]):
            if end is not None:
                self.most = max(self.most, len(str(abs(int(end.scaleb(self.kind.scale))))))
        self.width = max(self.width, self.most + 3)

    @property
    def target(self) -> pa.DataType:
        if not self.for_excel:
            return self.kind
        return pa.float64() if self.most <= 15 else pa.string()

    @property
    def format(self) -> str:  # type: ignore[override]
        places = self.kind.scale
        return decimals(places) if self.target == pa.float64() and 0 < places <= 15 else ""

    def convert(self, array: pa.Array) -> pa.Array:
        if not self.for_excel:
            return array
        texts = texts_of(None if value is None else f"{value:f}" for value in array.to_pylist())
        return pc.cast(texts, pa.float64()) if self.target == pa.float64() else texts

    def notes(self) -> list[str]:
        if not self.for_excel or self.most <= 15:
            return []
        return [self.note("the numbers are written as text, because some have more digits than Excel keeps.")]


class Text(ColumnRule):
    """Texts: Excel allows at most 32,767 characters in a cell and no control characters."""

    target = pa.string()
    _long = _odd = _illegal = 0

    def look(self, array: pa.Array) -> None:
        longest = pc.max(pc.utf8_length(array)).as_py() or 0
        self.width = min(60, max(self.width, longest + 2))
        if not self.for_excel:
            return
        if longest * 2 > LONGEST_TEXT:
            self._long += sum(_units(text) > LONGEST_TEXT for text in array.to_pylist() if text)
        odd = pc.sum(pc.match_substring_regex(array, _ODD)).as_py() or 0
        if odd:
            self._odd += odd
            self._illegal += pc.sum(pc.match_substring_regex(array, _ILLEGAL)).as_py() or 0

    def convert(self, array: pa.Array) -> pa.Array:
        texts = pc.cast(array, pa.string())
        if self._odd:
            texts = pc.replace_substring_regex(texts, "\r\n?", "\n")  # Excel's own line break
            texts = pc.replace_substring_regex(texts, _ILLEGAL, "\ufffd")
        if self._long:
            texts = texts_of(None if text is None else _cut(text) for text in texts.to_pylist())
        return texts

    def notes(self) -> list[str]:
        notes = []
        if self._long:
            notes.append(self.note(f"{values(self._long)} longer than Excel's {LONGEST_TEXT:,} characters and cut."))
        if self._illegal:
            notes.append(self.note(f"{values(self._illegal)} written with � for characters that Excel cannot hold."))
        return notes


class EmptyColumn(ColumnRule):
    """A column without any value."""

    target = pa.string()

    def convert(self, array: pa.Array) -> pa.Array:
        return pa.nulls(len(array), pa.string())


class AsText(Text):
    """All types other than numbers, texts, dates and truth values: written as readable text."""

    def look(self, array: pa.Array) -> None:
        super().look(self._texts(array))

    def convert(self, array: pa.Array) -> pa.Array:
        return super().convert(self._texts(array))

    def _texts(self, array: pa.Array) -> pa.Array:
        return texts_of(None if value is None else shown(value) for value in array.to_pylist())

    def notes(self) -> list[str]:
        plain = str(self.kind) == "extension<arrow.uuid>"
        return [*([] if plain else [self.note("written as text.")]), *super().notes()]


def shown(value: Any) -> str:
    """Returns any value as text: lists and the like as JSON, bytes decoded or in hexadecimal."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return "0x" + value.hex()
    if isinstance(value, float):  # all its digits, unlike in a spreadsheet
        return repr(value).removesuffix(".0")
    if isinstance(value, list | dict | tuple | set | frozenset):
        plain = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return json.dumps(plain, ensure_ascii=False, default=shown)
    if type(value) in cells.KNOWN:
        return cells.shown(value)
    return str(value)


def texts_of(texts: Iterable[str | None]) -> pa.Array:
    """Returns Arrow texts of Python texts; half a surrogate pair, which UTF-8 cannot hold, becomes �."""
    return arrow_scalars.texts(None if text is None else LONE_SURROGATE.sub("\ufffd", text) for text in texts)


def _units(text: str) -> int:
    return len(text) + sum(letter > "\uffff" for letter in text)


def _cut(text: str) -> str:
    if _units(text) <= LONGEST_TEXT:
        return text
    return text.encode("utf-16-le")[: LONGEST_TEXT * 2].decode("utf-16-le", "ignore")


def decimals(places: int) -> str:
    """Returns Excel's number format with grouped thousands and at least two decimals, as for money."""
    return "#,##0." + "0" * max(2, places)


def values(count: int) -> str:
    return "1 value was" if count == 1 else f"{count:,} values were"
