"""Texts of a form that refuse what is missing or too long in words of their own."""

from typing import Any

from pydantic import BeforeValidator


def text(name: str, limit: int, empty: str = "") -> BeforeValidator:
    """A text of at most `limit` characters; `empty` is said where there is none, and none is needed without it."""
    return BeforeValidator(lambda value: _checked(value, name, limit, empty))


def one_line(name: str, limit: int, empty: str = "") -> BeforeValidator:
    """The same on one line, for what becomes the header of a message."""

    def check(value: Any) -> str:
        line = _checked(value, name, limit, empty)
        if any(not c.isprintable() for c in line):
            raise ValueError(f"The {name} must be one line without invisible characters.")
        return line

    return BeforeValidator(check)


def _checked(value: Any, name: str, limit: int, empty: str) -> str:
    if value is not None and not isinstance(value, str):
        raise ValueError(f"The {name} must be a text.")
    line = (value or "").strip()
    if empty and not line:
        raise ValueError(empty)
    if len(line) > limit:
        raise ValueError(f"The {name} has {len(line):,} characters. At most {limit:,} are possible.")
    return line
