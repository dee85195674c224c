"""Writes a normalised table as JSON lines: an object for each row, times as ISO 8601, in UTF-8."""

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from webapp.reports.progress_words import WRITING
from webapp.reports.writing.disk_full import whole_or_nothing
from webapp.reports.writing.normalise import Normalised, Progress


def write(table: Normalised, path: Path, progress: Progress = lambda rows, words: None) -> None:
    """Writes `table` to `path`; raises TaskError if the disk is full. Then there is no file."""
    done = 0
    with whole_or_nothing(path), path.open("w", encoding="utf-8", newline="\n") as out:
        for batch in table.batches():
            out.writelines(_line(row) for row in batch.to_pylist())
            done += batch.num_rows
            progress(done, WRITING if done >= table.rows else "")


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps({name: _plain(value) for name, value in row.items()}, ensure_ascii=False) + "\n"


def _plain(value: Any) -> Any:
    """Returns a value that JSON supports; infinity, dates and decimals that no double equals become text."""
    if isinstance(value, Decimal):
        return float(value) if Decimal(repr(float(value))) == value else str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else value
