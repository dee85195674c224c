"""A small template: {{ name }} or {{ build.steps.0.name }} in a text stands for a part of what another system sent."""

import json
import re
from typing import Any

from webapp.errors import UserError

_FIELD = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")
BROKEN = "“{}” is not closed. A part is written as {{{{ name }}}}, with two braces on each side."
PLAIN = "{{ text }}"
USUAL = ("text", "message", "body", "msg", "content")  # where systems put the words themselves


def check(template: str, field: str) -> None:
    """Raises UserError beside `field` if a brace is not closed."""
    rest = _FIELD.sub("", template)
    if "{{" in rest or "}}" in rest:
        at = max(rest.find("{{"), rest.find("}}"))
        raise UserError(BROKEN.format(rest[at : at + 20].strip()), field)


def fill(template: str, given: Any) -> str:
    """Returns the text with its parts filled in; a part that is missing becomes empty."""
    return _FIELD.sub(lambda match: _text(_part(given, match[1])), template).strip()


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
    """The text of a body without “text”: under one of the USUAL names, else all of it."""
    named = (given.get(name) for name in USUAL) if isinstance(given, dict) else ()
    return next((one for one in named if isinstance(one, str) and one.strip()), given)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
