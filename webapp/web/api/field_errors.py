"""What is wrong with the JSON of a program, in plain words for each field."""

from typing import Any

from pydantic import BaseModel, ValidationError

from webapp.web.forms.reading import errors_of

MOST = 100  # refused fields that are named in one answer
LONGEST_NAME = 60  # characters of a field's name that are repeated
WORDS = {
    "string_type": "This must be a text.",
    "list_type": "This must be a list.",
    "bool_type": "This must be true or false.",
    "bool_parsing": "This must be true or false.",
}


def refusals(model: type[BaseModel], error: ValidationError) -> dict[str, str]:
    """One sentence per refused field; people's forms cannot hold what only programs send, so their words lack it."""
    found = {name or "form": words for name, words in errors_of(model, error).items()}
    for one in reversed(error.errors(include_url=False)):
        if one["type"] == "extra_forbidden":
            found[str(one["loc"][0])] = no_such_field(str(one["loc"][0]))
        elif one["type"] in WORDS and one["loc"] and one["input"] is not None:
            found[str(one["loc"][0])] = _entry(one["loc"]) + WORDS[one["type"]]
    return dict(list(found.items())[:MOST])


def no_such_field(name: str) -> str:
    """The words for a field that nobody reads."""
    return f"There is no field “{name[:LONGEST_NAME]}”."


def _entry(loc: tuple[Any, ...]) -> str:
    return f"Entry {loc[1] + 1}: " if len(loc) > 1 and isinstance(loc[1], int) else ""
