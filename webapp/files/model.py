"""A file that a task made; no database here."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

KINDS = {".xlsx": "Excel", ".jsonl": "JSON lines", ".parquet": "Parquet"}


@dataclass(frozen=True, kw_only=True)
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

    @property
    def kind(self) -> str:
        """What people call its type."""
        ending = PurePath(self.name).suffix.lower()
        return KINDS.get(ending, ending.removeprefix(".").upper() or "File")
