"""What a chart shows: labels and series, taken from the table of a report. How it looks is drawing.py's business."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the page of a task draws charts, and the web process imports no Arrow
    from webapp.reports.writing.normalise import Normalised

MOST_LABELS = {"bar": 40, "stacked": 40, "line": 400, "pie": 8}
MOST_SERIES = 6
OTHERS = "Others"


@dataclass(frozen=True)
class Chart:
    """`kind`: bar, stacked, line or pie. Each series has a value for each label, or None. `cut`: rows left out."""

    kind: str
    title: str
    labels: Sequence[str]
    series: Sequence[tuple[str, Sequence[float | None]]]
    cut: int = 0
    of: str = field(default="")  # what the labels are

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.series]

    def as_json(self) -> dict[str, Any]:
        return {**self.__dict__, "series": [[name, list(values)] for name, values in self.series]}


def from_json(data: Mapping[str, Any]) -> Chart:
    return Chart(**{**data, "series": [(name, values) for name, values in data["series"]]})


def chart_of(table: "Normalised", kind: str, title: str, keys: int, alike: int | None = None) -> Chart | None:
    """The chart of a table whose first `keys` columns say what a row is; None where it has no rows or no numbers.

    Without keys the first column that holds no numbers does. Only the first `alike` columns of numbers are drawn.
    """
    from webapp.reports.writing.display import is_right, rows_of, shower

    names, kinds = table.schema.names, table.schema.types
    numbers = [place for place in range(keys, len(names)) if is_right(kinds[place])]
    if not keys:
        first = next((place for place, one in enumerate(kinds) if not is_right(one)), None)
        labelled = [first] if first is not None else []
    else:
        labelled = list(range(keys))
    drawn = numbers[:alike][: 1 if kind == "pie" else MOST_SERIES]
    if not drawn or table.rows <= table.has_total:
        return None
    most = MOST_LABELS[kind] if kind != "pie" else 100_000
    left = table.rows - table.has_total
    wanted = min(left, most)
    labels: list[str] = []
    values: list[list[float | None]] = [[] for _ in drawn]
    showers = [shower(one, table.formats.get(name, ""), "iso") for name, one in zip(names, kinds, strict=True)]
    for batch in table.batches():
        part = batch.slice(0, wanted - len(labels))
        rows = rows_of(part.select(labelled), [showers[place] for place in labelled]) if labelled else []
        labels += [" / ".join(row) for row in rows] or [str(len(labels) + place + 1) for place in range(part.num_rows)]
        for series, place in zip(values, drawn, strict=True):
            series += [None if value is None else float(value) for value in part.column(place).to_pylist()]
        if len(labels) >= wanted:
            break
    named = [(names[place], series) for place, series in zip(drawn, values, strict=True)]
    of = ", ".join(names[place] for place in labelled)
    if kind == "pie":
        return Chart(kind, title, *_slices(labels, named), of=of)
    return Chart(kind, title, labels, named, left - wanted, of)


def _slices(
    labels: Sequence[str], series: Sequence[tuple[str, Sequence[float | None]]]
) -> tuple[list[str], list[tuple[str, Sequence[float | None]]]]:
    """The largest parts, and the rest as one; a pie has no negative parts."""
    name, values = series[0]
    parts = sorted(((value or 0, label) for label, value in zip(labels, values, strict=True)), reverse=True)
    parts = [(value, label) for value, label in parts if value > 0]
    most = MOST_LABELS["pie"]
    kept = parts if len(parts) <= most else [*parts[: most - 1], (sum(value for value, _ in parts[most - 1 :]), OTHERS)]
    return [label for _, label in kept], [(name, [value for value, _ in kept])]
