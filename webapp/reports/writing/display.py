"""Formats cells for pages and paper: dates in the chosen format, grouped thousands, aligned decimals."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from webapp.reports.writing.about import FACTS_OF_DATES
from webapp.reports.writing.column_rules import shown

Show = Callable[[Any], str]


def shower(kind: pa.DataType, number_format: str, dates: str) -> Show:
    """Returns the function that formats the values of a column."""
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _number(number_format)
    if pa.types.is_integer(kind):
        return (lambda value: f"{value:,}") if number_format.startswith("#,") else str
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return lambda value: moment(value, dates)
    return lambda value: ("yes" if value else "no") if isinstance(value, bool) else shown(value)


def _number(number_format: str) -> Show:
    group = "," if number_format.startswith("#,") else ""
    if "0.0" in number_format:
        places = len(number_format.partition(".")[2])
        return lambda value: f"{value:{group}.{places}f}"
    return lambda value: f"{value:{group}}".removesuffix(".0") if isinstance(value, Decimal) else f"{value:{group}.15g}"


def moment(value: date | datetime, dates: str) -> str:
    pattern = FACTS_OF_DATES[dates][1]
    # strftime pads years before 1000 on some systems only, and knows no %-d on others.
    day = pattern.replace("%-d", str(value.day)).replace("%Y", f"{value.year:04}")
    text = value.strftime(day)
    if isinstance(value, datetime) and (value.hour, value.minute, value.second, value.microsecond) != (0, 0, 0, 0):
        text += value.strftime(" %H:%M:%S" if value.second or value.microsecond else " %H:%M")
    return text


def rows_of(batch: pa.RecordBatch, showers: Sequence[Show]) -> list[list[str]]:
    columns = [
        ["" if value is None else show(value) for value in column.to_pylist()]
        for show, column in zip(showers, batch.columns, strict=True)
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def is_right(kind: pa.DataType) -> bool:
    """Returns True for a column of numbers, which are aligned to the right."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))
