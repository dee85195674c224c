"""A person, as far as packages other than accounts need to know."""

from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Person:
    """Who starts or owns a task."""

    id: int
    email: str
    name: str
    role: Literal["staff", "admin"]
    zone: ZoneInfo
    undo_seconds: int

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"
