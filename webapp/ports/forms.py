"""The base of every form model: what a person fills in to start a task."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator

from webapp.ports.values import require_storable


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
        require_storable(data)
        return data

    @classmethod
    def upgrade(cls, data: dict[str, Any], version: int) -> dict[str, Any]:
        """Returns a stored form of an older version in the current format; raises ValueError if that is impossible."""
        return data
