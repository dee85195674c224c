"""Text fields of a form with error messages of their own for a missing or too long text."""

from typing import Any

from pydantic import BeforeValidator


def text(name: str, limit: int, empty: str = "") -> BeforeValidator:
    """Returns a validator for at most `limit` characters. `empty`: the error if the text is missing; "": optional."""
    return BeforeValidator(lambda value: _checked(value, name, limit, empty))


def one_line(name: str, limit: int, empty: str = "") -> BeforeValidator:
    """Returns the same validator for a text of one line, such as the header of a message."""

    def check(value: Any) -> str:
        line = _checked(value, name, limit, empty)
        if any(not c.isprintable() for c in line):
            raise ValueError(f"The {name} must be one line without invisible characters.")
        return line

    return BeforeValidator(check)


def require_short(name: str, text: str, limit: int) -> None:
    """Raises ValueError if the text has more than `limit` characters."""
    if len(text) > limit:
        raise ValueError(f"The {name} has {len(text):,} characters. At most {limit:,} are possible.")


def _checked(value: Any, name: str, limit: int, empty: str) -> str:
    if value is not None and not isinstance(value, str):
        raise ValueError(f"The {name} must be a text.")
    line = (value or "").strip()
    if empty and not line:
        raise ValueError(empty)
    require_short(name, line, limit)
    return line
