"""The recipients of an email that come from a list: one delivery for each row, also for rows that are skipped."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from webapp import sandbox
from webapp.errors import FormErrors, TaskError, UserError
from webapp.mail import lists
from webapp.mail.recipients import normal_form
from webapp.ports.deliveries import NewDelivery
from webapp.ports.delivery_state import SkipReason
from webapp.ports.tables import Table

GONE = "The list of recipients no longer exists. Nothing was sent. Choose a list again."


def require_column(columns: Sequence[str], chosen: str) -> str:
    """Returns the column with the addresses: the chosen one, else by its name; raises FormErrors if there is none."""
    column_list = ", ".join(columns[:20]) + (f" and {len(columns) - 20:,} more" if len(columns) > 20 else "")
    if chosen:
        if chosen not in columns:
            raise FormErrors(
                {"address_column": f"“{chosen}” is not a column of this list. Its columns are {column_list}."}
            )
        return chosen
    if found := lists.address_column(columns):
        return found
    raise FormErrors({"recipients": f"This list has no column of addresses. Its columns are {column_list}."})


def test(table: Table | None, to: str, reading: lists.Reading, row: int) -> NewDelivery:
    """Returns one delivery to the tester, merged with row `row`, else with the first deliverable row."""
    if table is None:
        return NewDelivery(to, {}, key=normal_form(to))
    column = require_column([column.name for column in table.schema.columns], reading.column)
    entry = look_up(table, replace(reading, column=column), lists.RowSelector(row=row))
    return NewDelivery(to, entry.values if entry else {}, key=normal_form(to))


def look_up(table: Table, reading: lists.Reading, selector: lists.RowSelector) -> lists.ListRow | None:
    """Returns the selected row of a list, read in a child process; raises UserError if it cannot be read."""
    return sandbox.call(
        lists.look_up,
        table.typed,
        reading,
        selector,
        seconds=lists.SECONDS,
        memory_mb=lists.MEMORY_MB,
        what=f"The list “{table.name}”",
    )


def of_list(table: Table, reading: lists.Reading) -> Iterator[NewDelivery]:
    """Yields every row in order; a child process reads them, so that the slot stays small."""
    column = require_column([column.name for column in table.schema.columns], reading.column)
    if not table.typed.exists():
        raise TaskError(GONE, cause="upload-gone", fault="form")
    with tempfile.TemporaryDirectory(prefix="outtray-list-") as folder:
        written = Path(folder) / "entries.jsonl"
        try:
            sandbox.call(
                lists.write_down,
                table.typed,
                replace(reading, column=column),
                written,
                seconds=lists.SECONDS,
                memory_mb=lists.MEMORY_MB,
                what=f"The list “{table.name}”",
                advice="Save it in smaller parts, and choose those.",
            )
        except UserError as error:
            raise TaskError(error.message, cause="list", fault="form") from None
        with written.open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                reason = SkipReason(row["skip_reason"]) if row["skip_reason"] else None
                yield NewDelivery(**{**row, "skip_reason": reason})
