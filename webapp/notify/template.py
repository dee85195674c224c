"""A small template: {{ name }} or {{ build.steps.0.name }} in a text stands for a part of what another system sent."""

import json
import re
from typing import Any

from webapp.errors import UserError

LONGEST = 100_000  # characters of a filled text: each of its parts may be the whole body of 64 KB
# A part holds no brace, and what it has taken is not given back ("++"): every character is read once.
_FIELD = re.compile(r"\{\{([^{}]++)\}\}")
TOO_LONG = f"With its parts filled in, the text has more than {LONGEST:,} characters."
BROKEN = "“{}” is not closed. A part is written as {{{{ name }}}}, with two braces on each side."
PLAIN = "{{ text }}"
USUAL = ("text", "message", "body", "msg", "content")  # where systems put the words themselves


def check(template: str, field: str) -> None:
    """Raises UserError beside `field` if a brace is not closed."""
    rest = _FIELD.sub(lambda found: "" if _path(found) else found[0], template)
    if "{{" in rest or "}}" in rest:
        at = max(rest.find("{{"), rest.find("}}"))
        raise UserError(BROKEN.format(rest[at : at + 20].strip()), field)


def fill(template: str, given: Any) -> str:
    """Returns the text with its parts filled in; a missing one becomes empty. Raises UserError if it gets too long."""
    length = len(template)

    def part(found: re.Match[str]) -> str:
        nonlocal length
        text = _text(_part(given, path)) if (path := _path(found)) else found[0]
        length += len(text)
        if length > LONGEST:
            raise UserError(TOO_LONG)
        return text

    return _FIELD.sub(part, template).strip()


def _path(found: re.Match[str]) -> str:
    """Returns what stands between the braces; empty if that is no path, which is one word."""
    words = found[1].split(maxsplit=1)
    return words[0] if len(words) == 1 else ""


def _part(given: Any, path: str) -> Any:
    if isinstance(given, dict) and path in given:
        return given[path]
    if path == "text" and not isinstance(given, str):
        return _usual(given)
    if path == "text":
        return given
    for step in path.split("."):
        if isinstance(given, dict):
            given = given.get(step)
        elif isinstance(given, list) and step.isdecimal() and len(step) < 6:
            given = given[int(step)] if int(step) < len(given) else None
        else:
            return None
    return given


def _usual(given: Any) -> Any:
    """Returns the text of a body without “text”: under one of the USUAL names, else all of it."""
    named = (given.get(name) for name in USUAL) if isinstance(given, dict) else ()
    return next((one for one in named if isinstance(one, str) and one.strip()), given)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
