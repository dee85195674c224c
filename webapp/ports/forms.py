"""The base of every form model: what a person fills in to start a task."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator


class TaskForm(BaseModel):
    """What a person fills in to start a task; stored as JSON with `VERSION`.

    A field's `title` is its label and its `description` the hint below it; `json_schema_extra` may say
    `{"widget": "textarea" | "addresses" | "data" | "columns" | "choice" | "channels" | "seconds", …}`.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    VERSION: ClassVar[int] = 1

    @model_validator(mode="before")
    @classmethod
    def _only_text_that_can_be_stored(cls, data: Any) -> Any:
        _refuse_unstorable(data)
        return data

    @classmethod
    def upgrade(cls, data: dict[str, Any], version: int) -> dict[str, Any]:
        """Returns a stored form of an older version in the current format; raises ValueError if that is impossible."""
        return data


def _refuse_unstorable(value: Any) -> None:
    # PostgreSQL stores no NUL and no database stores half a surrogate pair.
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
            raise ValueError("This text holds a character that cannot be stored. Type it again.")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _refuse_unstorable(key)
            _refuse_unstorable(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _refuse_unstorable(inner)
