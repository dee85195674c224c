"""Shared by the tests of shaping: a table, a plan, and the resulting rows."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from webapp.reports.shaping import shape
from webapp.reports.shaping.plan import Filter, Order, Plan, Work
from webapp.reports.writing import normalise
from webapp.reports.writing.normalise import Source

TODAY = date(2026, 11, 3)  # a Tuesday


def shaped(table: pa.Table, **plan: Any) -> Source:
    whole = Plan(**{"today": TODAY, **plan})
    source = normalise.of_table(table)
    wanted = shape.needed(whole, table.column_names)
    return shape.shaped(normalise.of_table(table.select(wanted), source.notes), whole)


def rows(table: pa.Table, **plan: Any) -> list[tuple[Any, ...]]:
    source = shaped(table, **plan)
    return [tuple(row.values()) for batch in source.batches() for row in batch.to_pylist()]


def where(table: pa.Table, *tests: Sequence[str]) -> list[Any]:
    """Returns the first column of the rows that pass; each test is column, test and value."""
    return [row[0] for row in rows(table, filters=[Filter(*test) for test in tests])]


__all__ = ["TODAY", "Filter", "Order", "Plan", "Work", "rows", "shaped", "where"]
