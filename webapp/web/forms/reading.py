"""Reads a posted form into its model, with a message for each refused field."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from types import UnionType
from typing import Any, Generic, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from webapp.errors import FormErrors, UserError
from webapp.ports.form_context import FormContext
from webapp.ports.json_text import parse_json
from webapp.ports.kinds import Kind
from webapp.ports.values import legible
from webapp.web.http.multipart import FormData

M = TypeVar("M", bound=BaseModel)
# Widgets that post one value for each box that is ticked, or for each control.
BOXES = ("columns", "channels", "choice", "formats", "files", "hidden", "picks", "people")
WHOLE = ""  # the name under which errors stand that belong to no field


@dataclass(frozen=True)
class Filled(Generic[M]):
    """A form as it was filled in: its value, or a message per refused field; `raw` is what was typed."""

    value: M | None
    errors: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def with_errors(self, errors: Mapping[str, str]) -> "Filled[M]":
        return Filled(None if errors else self.value, {**self.errors, **errors}, self.raw)

    def legible(self) -> "Filled[M]":
        """Returns what a page draws: it looks up what was chosen, so nothing of it may be what cannot be stored."""
        return replace(self, raw={name: [legible(text) for text in texts] for name, texts in self.raw.items()})


def read_form(model: type[M], posted: FormData) -> Filled[M]:
    """Returns the form of these values, or a message per refused field."""
    raw = {name: _typed(name, info, posted) for name, info in model.model_fields.items()}
    data = {name: _given(info, raw[name]) for name, info in model.model_fields.items()}
    try:
        return Filled(model.model_validate({name: value for name, value in data.items() if value is not None}), {}, raw)
    except ValidationError as error:
        return Filled(None, errors_of(model, error), raw)


def _typed(name: str, info: FieldInfo, posted: FormData) -> list[str]:
    """What was typed; of a field that holds lines the values of each line, as JSON."""
    parts = extra_of(info).get("parts")
    if not parts:
        return list(posted.typed(name))
    lines = zip_longest(*(posted.typed(f"{name}.{part}") for part in parts), fillvalue="")
    return [json.dumps(dict(zip(parts, line, strict=True)), ensure_ascii=False) for line in lines] + [
        line for line in posted.typed(name) if line.startswith("{")
    ]


def checked(kind: Kind, filled: Filled[Any], form_context: FormContext) -> Filled[Any]:
    """Returns the form after the kind has checked what its model cannot know."""
    if filled.value is None or kind.check is None:
        return filled
    try:
        kind.check(filled.value, form_context)
    except FormErrors as error:
        return filled.with_errors(error.errors)
    except UserError as error:
        return filled.with_errors({error.field or WHOLE: error.message})
    return filled


def filled_from(model: type[M], data: Mapping[str, Any]) -> Filled[M]:
    """Returns a form that shows stored values; nothing of it is checked yet."""
    return Filled(None, {}, {name: _texts(data[name]) for name in model.model_fields if name in data})


def blank(model: type[M]) -> Filled[M]:
    """Returns the empty form, with its defaults."""
    defaults = {
        name: _texts(info.get_default(call_default_factory=True))
        for name, info in model.model_fields.items()
        if not info.is_required()
    }
    return Filled(None, {}, defaults)


def errors_of(model: type[BaseModel], error: ValidationError) -> dict[str, str]:
    """Returns one sentence per refused field, in the order of the form."""
    messages: dict[str, str] = {}
    for one in error.errors():
        name = str(one["loc"][0]) if one["loc"] else WHOLE
        info = model.model_fields.get(name)
        messages.setdefault(name, _message(label_of(name, info), info, one))
    return {name: messages[name] for name in (*model.model_fields, *messages) if name in messages}


def label_of(name: str, info: FieldInfo | None) -> str:
    """Returns the label of the field."""
    return (info and info.title) or name.replace("_", " ").capitalize()


def extra_of(info: FieldInfo | None) -> dict[str, Any]:
    """Returns what the model says about the field besides its type."""
    extra = info.json_schema_extra if info else None
    return dict(extra) if isinstance(extra, Mapping) else {}


def options_of(info: FieldInfo) -> list[tuple[str, str]]:
    """Returns the values of a choice with their labels; empty for other fields."""
    named = extra_of(info).get("choices")
    if isinstance(named, Mapping):
        return [(str(value), str(label)) for value, label in named.items()]
    for one in _types(info.annotation):
        if get_origin(one) is Literal:
            return [(str(value), str(value)) for value in get_args(one)]
    return []


def is_many(info: FieldInfo) -> bool:
    """Returns True if the field holds a list."""
    return any(get_origin(one) in (list, tuple, set) or one in (list, tuple, set) for one in _types(info.annotation))


def is_yes_or_no(info: FieldInfo) -> bool:
    return bool in _types(info.annotation)


def is_number(info: FieldInfo) -> bool:
    return any(one in (int, float) for one in _types(info.annotation))


def _types(annotation: Any) -> list[Any]:
    if get_origin(annotation) in (Union, UnionType):
        return [one for part in get_args(annotation) for one in _types(part)]
    return [annotation]


def _given(info: FieldInfo, values: Sequence[str]) -> Any:
    """What the model gets; None: nothing, so that its default or its “missing” counts."""
    if is_yes_or_no(info):
        return bool(values) and values[-1] not in ("", "off", "false")
    if is_many(info) or extra_of(info).get("parts"):
        return _list(info, values)
    text = values[-1] if values else ""
    is_text = str in _types(info.annotation)
    return text if text.strip() or (is_text and values) else None


def _list(info: FieldInfo, values: Sequence[str]) -> Any:
    widget = extra_of(info).get("widget")
    if widget == "lines":
        return [line for line in values if _is_begun(line)]
    if widget == "addresses":  # its model reads them as people write them, with commas or line by line
        return "\n".join(values)
    if widget in BOXES:
        return [value for value in values if value]
    return [line.strip() for value in values for line in value.splitlines() if line.strip()]


def line_of(text: str) -> dict[str, Any]:
    """Returns the parts of a line that stands as JSON in `raw`; none if it is no line."""
    try:
        parts = parse_json(text)
    except ValueError:
        return {}
    return parts if isinstance(parts, dict) else {}


def _is_begun(line: str) -> bool:
    """Returns True if its first control was used or a value was typed, not if the line was only added."""
    parts = line_of(line)
    # Of what is no line, its model says what is wrong.
    return not parts or bool(next(iter(parts.values())) or parts.get("value"))


def _texts(value: Any) -> list[str]:
    if value is None or value is False:
        return []
    if isinstance(value, Mapping):
        return [json.dumps({"name": name, "value": one}, ensure_ascii=False) for name, one in value.items()]
    if isinstance(value, list | tuple | set):
        return [json.dumps(one, ensure_ascii=False) if isinstance(one, Mapping) else str(one) for one in value]
    return ["on"] if value is True else [str(value)]


def _message(label: str, info: FieldInfo | None, error: Any) -> str:
    """Returns a message for one error of pydantic; its own messages never reach a person."""
    kind, ctx = error["type"], error.get("ctx", {})
    missing = str(extra_of(info).get("missing", "")) or f"Fill in “{label}”."
    if kind in ("missing", "string_type") or (kind == "string_too_short" and ctx["min_length"] == 1):
        return missing
    if kind == "too_short" and ctx["min_length"] == 1:
        return missing
    if kind in ("value_error", "assertion_error") and "error" in ctx:
        return str(ctx["error"])
    return _by_rule(label, kind, ctx)


def _by_rule(label: str, kind: str, ctx: Mapping[str, Any]) -> str:
    match kind:
        case "string_too_long":
            return f"“{label}” is too long: at most {ctx['max_length']:,} characters."
        case "string_too_short":
            return f"“{label}” is too short: at least {ctx['min_length']:,} characters."
        case "too_long":
            return f"“{label}” has too many entries: at most {ctx['max_length']:,}."
        case "too_short":
            return f"“{label}” needs at least {ctx['min_length']:,} entries."
        case "greater_than_equal":
            return f"“{label}” must be {ctx['ge']:g} or more."
        case "greater_than":
            return f"“{label}” must be more than {ctx['gt']:g}."
        case "less_than_equal":
            return f"“{label}” must be {ctx['le']:g} or less."
        case "less_than":
            return f"“{label}” must be less than {ctx['lt']:g}."
        case "literal_error" | "enum":
            return f"Choose one of the choices for “{label}”."
        case "int_parsing" | "int_from_float" | "int_type":
            return f"“{label}” must be a whole number."
        case "float_parsing" | "float_type" | "finite_number" | "decimal_parsing":
            return f"“{label}” must be a number."
    return f"“{label}” is not right. Look at it once more."
