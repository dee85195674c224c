"""Reads values that come from outside, wherever they enter: text that can be stored, ids of rows, whole numbers."""

import re
from typing import Any

LONGEST_ID = 18  # digits; both databases count to 2**63 - 1, which has 19
UNSTORABLE = "This text holds a character that cannot be stored. Type it again."
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # PostgreSQL stores no NUL, and half a surrogate pair has no UTF-8
_DIGITS = re.compile("[0-9]+")


def is_storable(text: str) -> bool:
    """Returns True if both databases can store and compare this text."""
    return _UNSTORABLE.search(text) is None


def storable_text(text: str) -> str:
    """Returns the text as it is; raises ValueError if a database cannot store it."""
    if not is_storable(text):
        raise ValueError(UNSTORABLE)
    return text


def legible(text: str) -> str:
    """Returns the text with a sign in place of what cannot be stored, to be shown to who typed it."""
    return _UNSTORABLE.sub("\ufffd", text)


def require_storable(value: Any) -> None:
    """Raises ValueError if any text of a value can not be stored: in lists and objects, and as a name in them."""
    if isinstance(value, str):
        storable_text(value)
    elif isinstance(value, dict):
        for name, inner in value.items():
            require_storable(name)
            require_storable(inner)
    elif isinstance(value, list | tuple | set):
        for inner in value:
            require_storable(inner)


def digits(text: str, most: int = LONGEST_ID) -> int | None:
    """Returns the number that up to `most` digits 0 to 9 write, or None if the text is anything else."""
    return int(text) if len(text) <= most and _DIGITS.fullmatch(text) else None


def row_id(text: str, prefix: str = "") -> int:
    """Returns the id of a row that is written in digits after the prefix; 0, which no row has, for anything else."""
    return digits(text.removeprefix(prefix)) or 0 if text.startswith(prefix) else 0


def whole_number(text: str, least: int, most: int) -> int:
    """Returns the number that was typed; raises ValueError unless it is a whole one from `least` to `most`."""
    number = digits(text.strip())
    if number is None or not least <= number <= most:
        raise ValueError(f"Give a whole number from {least:,} to {most:,}.")
    return number
