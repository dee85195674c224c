"""How columns of dates, times of day and durations are written.

Excel counts days from 1900 and wrongly has a 29 February in that year: dates before its March are text. It stores
moments as days and fractions of a day, and the writer gets them as these numbers: of timestamps it drops fractions
of a second, and it shifts those before 1970 (1969-01-01 00:00:01 becomes 1969-01-02 23:59:59).
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from webapp.reports import arrow_scalars
from webapp.reports.reading import cells
from webapp.reports.writing.column_rules import ColumnRule, texts_of

_FIRST = date(1900, 3, 1)
_DAY = 86_400_000_000  # microseconds
_UNIX = 25_569.0  # Excel's number of 1 January 1970
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_FIRST_MOMENT = (datetime.combine(_FIRST, datetime.min.time()) - _EPOCH) // timedelta(microseconds=1)
_LAST_MOMENT = (datetime.max - _EPOCH) // timedelta(microseconds=1)


class Day(ColumnRule):
    """Dates."""

    width = 12
    _early = 0

    def look(self, array: pa.Array) -> None:
        ends = pc.min_max(pc.cast(pc.cast(array, pa.date32()), pa.int32())).as_py()
        days = (_FIRST - date(1970, 1, 1)).days
        if self.for_excel and ends["min"] is not None:
            self._early += ends["min"] < days or ends["max"] > _LAST_MOMENT // _DAY

    @property
    def target(self) -> pa.DataType:
        return pa.string() if self._early else pa.date32()

    @property
    def format(self) -> str:  # type: ignore[override]
        return "" if self._early else "yyyy-mm-dd"

    def convert(self, array: pa.Array) -> pa.Array:
        return pc.cast(pc.cast(array, pa.date32()), self.target)

    def notes(self) -> list[str]:
        return [self.note("the dates are written as text, because some are before March 1900.")] if self._early else []


class Moment(ColumnRule):
    """Dates with a time; those with a zone as local times, with a note that names the zone."""

    width = 20
    _is_outside = _is_far = False
    _finest = 0  # digits after the second: 0, 3, 6 or 9

    def look(self, array: pa.Array) -> None:
        self._is_far = self._is_far or _is_far(array)
        if self._is_far or array.null_count == len(array):
            return
        for digits, part in ((3, pc.millisecond), (6, pc.microsecond), (9, pc.nanosecond)):
            if pc.max(part(_utc(array))).as_py():
                self._finest = max(self._finest, digits)
        ends = pc.min_max(pc.cast(self._micros(array), pa.int64())).as_py()
        self._is_outside = self._is_outside or ends["min"] < _FIRST_MOMENT or ends["max"] > _LAST_MOMENT

    @property
    def is_text(self) -> bool:
        return self._is_far or (self._is_outside if self.for_excel else bool(self.kind.tz))

    @property
    def target(self) -> pa.DataType:
        if self.is_text:
            return pa.string()
        if self.for_excel:
            return pa.float64()
        return self.kind if self._finest else pa.timestamp("s")

    @property
    def format(self) -> str:  # type: ignore[override]
        if self.is_text:
            return ""
        return "yyyy-mm-dd hh:mm:ss.000" if self._finest else "yyyy-mm-dd hh:mm:ss"

    def convert(self, array: pa.Array) -> pa.Array:
        if self._is_far:
            return texts_of(None if one is None else str(one) for one in _numpy(array))
        if self.kind.tz and not self.for_excel:
            return _with_offset(array)
        moments = self._micros(array)
        if self.is_text:
            return pc.replace_substring_regex(pc.cast(moments, pa.string()), r"\.0+$", "")
        if self.target == pa.float64():
            whole = pc.cast(pc.floor_temporal(moments, unit="millisecond"), pa.int64())
            return pc.add(_days(whole), arrow_scalars.number(_UNIX))
        return array if self.target == self.kind else pc.cast(moments, self.target, safe=False)

    def _micros(self, array: pa.Array) -> pa.Array:
        """Returns naive moments in microseconds; nanoseconds are dropped."""
        moments = pc.cast(_utc(array), pa.timestamp("us"), safe=False).view(pa.timestamp("us", self.kind.tz))
        return _local(moments) if self.kind.tz else moments

    def notes(self) -> list[str]:
        notes = []
        if self.kind.tz and self.for_excel:
            notes.append(self.note(f"the times are in the zone {'UTC' if self._is_far else self.kind.tz}."))
        if self.is_text and self.for_excel:
            notes.append(self.note("the dates are written as text, because some are before March 1900 or after 9999."))
        elif self.for_excel and self._finest > 3:
            notes.append(self.note("the times are kept to the millisecond."))
        return notes


def _utc(array: pa.Array) -> pa.Array:
    return array.view(pa.timestamp(array.type.unit))


def _local(moments: pa.Array) -> pa.Array:
    try:
        return pc.local_timestamp(moments)
    except pa.ArrowInvalid:  # Arrow gets time zones from the system only, Python also from the package tzdata
        clocks = [None if one is None else one.replace(tzinfo=None) for one in moments.to_pylist()]
        return pa.array(clocks, pa.timestamp("us"))


def _is_far(array: pa.Array) -> bool:
    """Returns True if a moment is beyond the range of microseconds, about 290,000 years."""
    per_unit = {"s": 1_000_000, "ms": 1000}.get(array.type.unit)
    ends = pc.min_max(pc.cast(array, pa.int64())).as_py()
    if per_unit is None or ends["min"] is None:
        return False
    return bool(max(ends["max"], -ends["min"]) > 2**62 // per_unit)


def _numpy(array: pa.Array) -> list[Any]:
    """Returns numpy's moments, which support every year; None for null."""
    moments = _utc(array).to_numpy(zero_copy_only=False)
    return [one if is_there else None for one, is_there in zip(moments, array.is_valid().to_pylist(), strict=True)]


class _Span(ColumnRule):
    """Microseconds that Excel shows as hours, minutes and seconds."""

    width = 12
    counted = pa.duration("us")
    _is_negative = _has_fraction = _has_micros = False

    def look(self, array: pa.Array) -> None:
        micros = self._micros(array)
        ends = pc.min_max(micros).as_py()
        if ends["min"] is None:
            return
        self._is_negative = self._is_negative or ends["min"] < 0
        self._has_fraction = self._has_fraction or not _is_multiple(micros, 1_000_000)
        self._has_micros = self._has_micros or not _is_multiple(micros, 1000) or _has_nanos(array)

    @property
    def is_text(self) -> bool:
        return not self.for_excel or self._is_negative

    @property
    def target(self) -> pa.DataType:
        return pa.string() if self.is_text else pa.float64()

    def convert(self, array: pa.Array) -> pa.Array:
        micros = self._micros(array)
        if self.is_text:
            return texts_of(
                None if one is None else self._text(timedelta(microseconds=one)) for one in micros.to_pylist()
            )
        return _days(micros)

    def _micros(self, array: pa.Array) -> pa.Array:
        return pc.cast(pc.cast(array, self.counted, safe=False), pa.int64())

    def _text(self, span: timedelta) -> str:
        return cells.clock(span)

    def notes(self) -> list[str]:
        if self.for_excel and self._is_negative:
            return [self.note("the durations are written as text, because Excel has no negative durations.")]
        if self.for_excel and self._has_micros:
            return [self.note("the times are kept to the millisecond.")]
        return []


class Clock(_Span):
    """Times of day."""

    counted = pa.time64("us")

    @property
    def format(self) -> str:  # type: ignore[override]
        return "" if self.is_text else "hh:mm:ss.000" if self._has_fraction else "hh:mm:ss"


class Duration(_Span):
    """Lengths of time."""

    @property
    def format(self) -> str:  # type: ignore[override]
        return "" if self.is_text else "[h]:mm:ss.000" if self._has_fraction else "[h]:mm:ss"


def _is_multiple(numbers: pa.Array, of: int) -> bool:
    return bool(pc.all(pc.equal(pc.multiply(pc.divide(numbers, of), of), numbers)).as_py())


def _has_nanos(array: pa.Array) -> bool:
    return array.type.unit == "ns" and not _is_multiple(pc.cast(array, pa.int64()), 1000)


def _days(micros: pa.Array) -> pa.Array:
    return pc.divide(pc.cast(micros, pa.float64(), safe=False), arrow_scalars.number(_DAY))


def _with_offset(array: pa.Array) -> pa.Array:
    """Returns texts as “2024-10-27T02:30:00+02:00”: unambiguous also in the hour that a clock change repeats."""
    moments = pc.cast(_utc(array), pa.timestamp("us"), safe=False).view(pa.timestamp("us", array.type.tz))
    return texts_of(None if one is None else one.isoformat() for one in moments.to_pylist())
