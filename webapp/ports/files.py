"""A stored file that can go with a message."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Attachment:
    """A file to attach to a message: an upload, or a file that a task made; `size` in bytes."""

    id: str
    name: str
    media_type: str
    size: int
    path: Path
