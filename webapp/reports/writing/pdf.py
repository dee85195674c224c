"""Writes a report as PDF, to read and to print: title, description, chart, and the first 5,000 rows as a table."""

import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from webapp.errors import TaskError
from webapp.reports.progress_words import WRITING
from webapp.reports.writing import svg
from webapp.reports.writing.about import PLAIN, About
from webapp.reports.writing.charts import Chart
from webapp.reports.writing.disk_full import whole_or_nothing
from webapp.reports.writing.display import is_right, rows_of, shower
from webapp.reports.writing.normalise import Normalised, Progress

MOST_ROWS = 5_000
MOST_COLUMNS = 40
_PORTRAIT, _LANDSCAPE = 95, 150  # characters per line at 9 points
_LONG = re.compile(r"\S{25,}")
_ZERO_WIDTH_SPACE = "\u200b"


def write(
    table: Normalised,
    path: Path,
    progress: Progress = lambda rows, words: None,
    about: About = PLAIN,
    chart: Chart | None = None,
) -> None:
    """Writes `table` to `path`; raises TaskError if it is too wide or the disk is full. Then there is no file."""
    if len(table.schema) > MOST_COLUMNS:
        raise TaskError(
            f"The table has {len(table.schema):,} columns, and a page holds {MOST_COLUMNS}. No file was made. "
            "Choose fewer columns or the file type Excel.",
            fault="form",
        )
    content = _content(table, about, chart, progress)
    progress(table.rows, WRITING)
    with whole_or_nothing(path), tempfile.TemporaryDirectory(dir=path.parent) as folder:
        _compile(content, chart, Path(folder), path)


def _compile(content: dict[str, Any], chart: Chart | None, folder: Path, path: Path) -> None:
    import typst

    if chart:
        (folder / content["chart"]).write_text(svg.svg(chart), "utf-8")
    (folder / "data.json").write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    main = folder / "report.typ"
    main.write_text(Path(__file__).with_name("report.typ").read_text("utf-8"), "utf-8")
    typst.compile(main, output=path, root=folder, ignore_system_fonts=True, format="pdf")


def _content(table: Normalised, about: About, chart: Chart | None, progress: Progress) -> dict[str, Any]:
    from webapp.reports.writing import glyphs

    rows, total = _rows(table, about, progress)
    facts = [*about.facts, ("Rows", f"{table.rows - table.has_total:,}")]
    notes = [*about.notes, *table.notes]
    if table.rows > MOST_ROWS:
        notes.insert(0, f"These are the first {MOST_ROWS:,} of {table.rows:,} rows. Excel and CSV files have all rows.")
    texts = {cell for row in rows for cell in row} | {*total, *table.schema.names, about.title, *notes}
    texts |= {text for fact in facts for text in fact} | ({*chart.labels, *chart.names} if chart else set())
    if lacking := glyphs.missing(texts):
        notes.insert(0, missing_note(lacking))
    size, landscape = _layout(table.widths)
    made = dict(about.facts).get("Made", "")
    return {
        "title": about.title,
        "author": dict(about.facts).get("By", ""),
        "made": made,
        "facts": [fact for fact in facts if fact[0] != "Made"],
        "notes": notes,
        "fonts": list(glyphs.FAMILIES),
        "chart": "chart.svg" if chart else "",
        "chart_text": svg.description(chart) if chart else "",
        "landscape": landscape,
        "size": size,
        "widths": [min(width, 40) for width in table.widths],
        "right": [is_right(kind) for kind in table.schema.types],
        "header": [_breakable(name) for name in table.schema.names],
        "rows": [[_breakable(cell) for cell in row] for row in rows],
        "total": total,
    }


def missing_note(lacking: Sequence[str]) -> str:
    named = " ".join(lacking[:40]) + (f" and {len(lacking) - 40:,} more" if len(lacking) > 40 else "")
    codes = ", ".join(f"U+{ord(letter):04X}" for letter in lacking[:8]) + (" …" if len(lacking) > 8 else "")
    return (
        f"The fonts of PDF files lack {len(lacking):,} {'character' if len(lacking) == 1 else 'characters'} of this "
        f"report, which stay blank: {named} ({codes}). Excel and CSV files have them."
    )


def _rows(table: Normalised, about: About, progress: Progress) -> tuple[list[list[str]], list[str]]:
    """Returns the first rows, and separately the total row."""
    kinds = table.schema.types
    formats = [table.formats.get(name, "") for name in table.schema.names]
    showers = [shower(kind, one, about.dates) for kind, one in zip(kinds, formats, strict=True)]
    rows: list[list[str]] = []
    last: pa.RecordBatch | None = None
    seen = 0
    for batch in table.batches():
        if len(rows) < MOST_ROWS:
            rows += rows_of(batch.slice(0, MOST_ROWS - len(rows)), showers)
        last = batch if batch.num_rows else last
        seen += batch.num_rows
        progress(seen, "")
        if len(rows) >= MOST_ROWS and not table.has_total:
            break
    if not table.has_total or last is None:
        return rows, []
    total = rows_of(last.slice(last.num_rows - 1), showers)[0]
    return rows[:-1] if seen <= MOST_ROWS else rows, total


def _layout(widths: Sequence[int]) -> tuple[float, bool]:
    """Returns the font size in points, and True for landscape."""
    wide = sum(min(width, 40) for width in widths)
    if wide <= _PORTRAIT:
        return 9, False
    return max(5.0, min(9.0, 9 * _LANDSCAPE / wide)), True


def _breakable(text: str) -> str:
    """Lets long words break anywhere: they would run into the next column."""
    return _LONG.sub(lambda match: _ZERO_WIDTH_SPACE.join(_pieces(match[0])), text)


def _pieces(word: str) -> list[str]:
    return [word[start : start + 12] for start in range(0, len(word), 12)]
