"""How a cell of a list reads in a message: as people write it, or as the writer of the message wants it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip

DAYS: Mapping[str, Callable[[date], str]] = {
    "": lambda day: f"{day.day} {MONTHS[day.month - 1]} {day.year}",
    "short": lambda day: f"{day.day} {MONTHS[day.month - 1][:3]} {day.year}",
    "american": lambda day: f"{MONTHS[day.month - 1]} {day.day}, {day.year}",
    "slashes": lambda day: f"{day:%d/%m/}{day.year}",
    "slashes-american": lambda day: f"{day:%m/%d/}{day.year}",
    "dots": lambda day: f"{day:%d.%m.}{day.year}",
    "iso": lambda day: day.isoformat(),
}
NUMBERS: Mapping[str, Callable[[float], str]] = {
    "": lambda number: _plain(number),
    "comma": lambda number: _plain(number).replace(".", ","),
    "thousands": lambda number: _grouped(number, ",", "."),
    "thousands-dots": lambda number: _grouped(number, ".", ","),
    "thousands-spaces": lambda number: _grouped(number, "\u202f", ","),
    "cents": lambda number: f"{number:,.2f}",
    "cents-comma": lambda number: f"{number:,.2f}".translate(str.maketrans(",.", ".,")),
}
EXAMPLE_DAY, EXAMPLE_NUMBER = date(2026, 11, 3), 1240.5
SEPARATOR = " "  # in a form: the code, then the name of the column


def choices(type_of_column: str) -> Sequence[tuple[str, str]]:
    """Returns each code with an example; empty if a column of this type has only one format."""
    if type_of_column in ("date", "time"):
        return [(code, write(EXAMPLE_DAY)) for code, write in DAYS.items()]
    if type_of_column in ("number", "integer"):
        return [(code, write(EXAMPLE_NUMBER)) for code, write in NUMBERS.items()]
    return []


def read(stored: Sequence[str]) -> dict[str, str]:
    """Returns what a form holds (`iso Since`), by column."""
    pairs = (one.partition(SEPARATOR) for one in stored)
    return {column: code for code, _, column in pairs if code in DAYS or code in NUMBERS}


def shown(value: Any, code: str = "") -> str:
    """Returns a cell as people read it: 3 November 2026, 09:30, 12, 007."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime() if (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0):
            return _day(value.date(), code)
        case datetime():
            return f"{_day(value.date(), code)}{' ' if code == 'iso' else ', '}{value:%H:%M}"
        case date():
            return _day(value, code)
        case time():
            return f"{value:%H:%M}"
        case int() | float():
            return NUMBERS.get(code, NUMBERS[""])(value)
    return str(value).strip()


def _day(day: date, code: str) -> str:
    return DAYS.get(code, DAYS[""])(day)


def _plain(number: float) -> str:
    if isinstance(number, int):
        return str(number)
    return f"{number:.15g}" if abs(number) < 1e15 else f"{number:g}"


def _grouped(number: float, thousands: str, decimal: str) -> str:
    plain = _plain(number)
    whole, dot, rest = plain.partition(".")
    if not whole.removeprefix("-").isdecimal():
        return plain  # 1e+20, inf, nan
    return f"{int(whole):,}".replace(",", thousands) + (decimal + rest if dot else "")
