"""Reads JSON that other programs and browsers sent (RFC 8259); raises ValueError with a sentence for people."""

import json
from typing import Any, NoReturn

from webapp.ports.values import require_storable

DEEPEST = 20  # levels; no form has more than five


def parse_json(text: str | bytes) -> Any:
    """Returns what the text says, all of which can be stored."""
    found = load_json(text)
    require_storable(found)
    return found


def load_json(text: str | bytes, what: str = "This") -> Any:
    """Returns what the text says: finite numbers, each name once in an object, at most DEEPEST levels.

    Its texts may hold what cannot be stored: for callers that name the field that holds it. `what` begins the words
    of an error.
    """
    try:
        found = json.loads(text, parse_constant=_refuse, parse_float=_finite, object_pairs_hook=_once)
    except _NameTwice:
        raise ValueError(f"{what} has a name twice in one object.") from None
    except (ValueError, RecursionError):
        raise ValueError(f"{what} is not JSON.") from None
    if _is_deep(found, DEEPEST):
        raise ValueError(f"{what} is nested more than {DEEPEST} levels deep.")
    return found


class _NameTwice(ValueError):
    """Which of the two counts would be a guess (RFC 8259, 4)."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _NameTwice
    return found


def _finite(text: str) -> float:
    number = float(text)
    return number if abs(number) != float("inf") else _refuse(text)


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text[:20]} is no number of JSON")


def _is_deep(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels == 0 or any(_is_deep(one, levels - 1) for one in inner if isinstance(one, dict | list))
