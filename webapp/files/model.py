"""A file that a task made; no database here."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class File:
    """Something that a task made."""

    id: str
    task: int
    owner: int
    name: str
    size: int
    sha256: str
    media_type: str
    storage: str
    created: datetime
    expires: datetime
    deleted: datetime | None = None
