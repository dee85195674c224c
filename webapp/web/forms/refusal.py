"""A posted form that is refused and shown again."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from webapp.web.http.multipart import FormData


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """What was typed, a message per refused field, and the HTTP status of the answer."""

    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str]
    status: int = 422

    @classmethod
    def of(cls, posted: FormData, errors: Mapping[str, str]) -> "Refusal":
        """Returns the refusal of these fields: 413 if a file was too large."""
        typed = {name: posted.one(name) for name in posted.values}
        return cls(typed=typed, errors=errors, status=413 if posted.refused else 422)
