"""The buttons of a form's lines: add one, remove one, move a column up or down."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from webapp.web.forms.reading import Filled, extra_of

_PRESS = re.compile(r"(add|remove|up|down)-([a-z_]{1,30})(?:-(\d{1,5}))?")


@dataclass(frozen=True, kw_only=True)
class Moved:
    """The form afterwards, and what takes the focus: a line of this field (-1: its Add button).

    After the `act` “remove” it is the button that removes that line, else its first control.
    """

    filled: Filled[Any]
    field: str
    line: int
    act: str


def press(intent: str, filled: Filled[Any], model: Any, columns: Sequence[str]) -> Moved | None:
    """Handles such a button, else returns None; `columns` are those of the data, in their own order."""
    match = _PRESS.fullmatch(intent)
    if not match or match[2] not in model.model_fields:
        return None
    act, name, line = match[1], match[2], int(match[3] or 0)
    values = list(filled.raw.get(name, ()))
    if act == "add":
        values.append(_blank(model, name))
        return _moved(filled, name, values, len(values) - 1, act)
    if act == "remove":
        left = values[:line] + values[line + 1 :]
        return _moved(filled, name, left, min(line, len(left) - 1), act)
    order = [*values, *(one for one in columns if one not in values)] if name == "columns" else values
    target = line + (-1 if act == "up" else 1)
    if not (0 <= line < len(order) and 0 <= target < len(order)):
        return _moved(filled, name, values, line, act)
    chosen = set(values) or set(order)
    order[line], order[target] = order[target], order[line]
    return _moved(filled, name, [one for one in order if one in chosen], target, act)


def _blank(model: Any, name: str) -> str:
    parts = extra_of(model.model_fields[name]).get("parts", ())
    return json.dumps(dict.fromkeys(parts, "")) if parts else ""


def _moved(filled: Filled[Any], name: str, values: list[str], line: int, act: str) -> Moved:
    changed = replace(filled, value=None, errors={}, raw={**filled.raw, name: values})
    return Moved(filled=changed, field=name, line=line, act=act)
