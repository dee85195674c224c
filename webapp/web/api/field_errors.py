"""Refusals of the JSON of a program, one plain sentence per field."""

from typing import Any

from pydantic import BaseModel, ValidationError

from webapp.web.forms.reading import errors_of

MOST = 100  # refused fields that are named in one answer
LONGEST_NAME = 60  # characters of a field's name that are repeated
MESSAGES = {
    "string_type": "This must be a text.",
    "list_type": "This must be a list.",
    "bool_type": "This must be true or false.",
    "bool_parsing": "This must be true or false.",
}


def refusals(model: type[BaseModel], error: ValidationError) -> dict[str, str]:
    """Returns one sentence per refused field, also for errors that only programs can make."""
    messages = {name or "form": message for name, message in errors_of(model, error).items()}
    for one in reversed(error.errors(include_url=False)):
        if one["type"] == "extra_forbidden":
            messages[str(one["loc"][0])] = no_such_field(str(one["loc"][0]))
        elif one["type"] in MESSAGES and one["loc"] and one["input"] is not None:
            messages[str(one["loc"][0])] = _entry(one["loc"]) + MESSAGES[one["type"]]
    return dict(list(messages.items())[:MOST])


def no_such_field(name: str) -> str:
    """Returns the refusal of a field that the form does not have."""
    return f"There is no field “{name[:LONGEST_NAME]}”."


def _entry(loc: tuple[Any, ...]) -> str:
    return f"Entry {loc[1] + 1}: " if len(loc) > 1 and isinstance(loc[1], int) else ""
