"""The content of a chart: labels and series from the table of a report; svg.py draws it."""

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
    """A chart. `kind`: bar, stacked, line or pie. Each series has a value or None per label. `cut`: rows left out."""

    kind: str
    title: str
    labels: Sequence[str]
    series: Sequence[tuple[str, Sequence[float | None]]]
    cut: int = 0
    of: str = field(default="")  # the column of the labels

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.series]

    def as_json(self) -> dict[str, Any]:
        return {**self.__dict__, "series": [[name, list(values)] for name, values in self.series]}


def from_json(data: Mapping[str, Any]) -> Chart:
    return Chart(**{**data, "series": [(name, values) for name, values in data["series"]]})


def chart_of(table: "Normalised", kind: str, title: str, keys: int, alike: int | None = None) -> Chart | None:
    """Returns the chart of a table whose first `keys` columns are the labels; None if it has no rows or no numbers.

    Without keys the first column without numbers has the labels. Only the first `alike` numeric columns are drawn.
    """
    from webapp.reports.writing.display import is_right, rows_of, shower

    names, kinds = table.schema.names, table.schema.types
    numbers = [position for position in range(keys, len(names)) if is_right(kinds[position])]
    if not keys:
        first = next((position for position, one in enumerate(kinds) if not is_right(one)), None)
        labelled = [first] if first is not None else []
    else:
        labelled = list(range(keys))
    drawn = numbers[:alike][: 1 if kind == "pie" else MOST_SERIES]
    if not drawn or table.rows <= table.has_total:
        return None
    most = MOST_LABELS[kind] if kind != "pie" else 100_000
    left = table.rows - table.has_total
    count = min(left, most)
    labels: list[str] = []
    values: list[list[float | None]] = [[] for _ in drawn]
    showers = [shower(one, table.formats.get(name, ""), "iso") for name, one in zip(names, kinds, strict=True)]
    for batch in table.batches():
        part = batch.slice(0, count - len(labels))
        rows = rows_of(part.select(labelled), [showers[position] for position in labelled]) if labelled else []
        labels += [" / ".join(row) for row in rows] or [
            str(len(labels) + position + 1) for position in range(part.num_rows)
        ]
        for series, position in zip(values, drawn, strict=True):
            series += [None if value is None else float(value) for value in part.column(position).to_pylist()]
        if len(labels) >= count:
            break
    named = [(names[position], series) for position, series in zip(drawn, values, strict=True)]
    of = ", ".join(names[position] for position in labelled)
    if kind == "pie":
        return Chart(kind, title, *_slices(labels, named), of=of)
    return Chart(kind, title, labels, named, left - count, of)


def _slices(
    labels: Sequence[str], series: Sequence[tuple[str, Sequence[float | None]]]
) -> tuple[list[str], list[tuple[str, Sequence[float | None]]]]:
    """Returns the largest parts, and the rest as one; a pie has no negative parts."""
    name, values = series[0]
    parts = sorted(((value or 0, label) for label, value in zip(labels, values, strict=True)), reverse=True)
    parts = [(value, label) for value, label in parts if value > 0]
    most = MOST_LABELS["pie"]
    slices = (
        parts if len(parts) <= most else [*parts[: most - 1], (sum(value for value, _ in parts[most - 1 :]), OTHERS)]
    )
    return [label for _, label in slices], [(name, [value for value, _ in slices])]
