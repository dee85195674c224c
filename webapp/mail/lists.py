"""Reads the recipients of a list: the typed copy of a table with a column of addresses.

Arrow is imported in here only when rows are read: the web process and slots do that in a child that ends with it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from webapp.errors import UserError
from webapp.mail.formats import shown
from webapp.mail.merge import key_of
from webapp.mail.recipients import normal_form, one_address
from webapp.ports.csv_cells import unguarded
from webapp.ports.delivery_state import SkipReason

BATCH_ROWS = 10_000
WRONG = 5  # rows that one error names
NAMES = ("e-mail", "email", "e-mail address", "email address", "mail", "correo", "address")
SECONDS, MEMORY_MB = 60.0, 1024
NEVER = "This address is on the list of those to whom nobody writes."
AGAIN = "The same email went there before."


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a list is read: the column with the addresses, whether duplicates count, and whom nothing is sent to.

    `formats`: per column as in formats.py; `never` and `got`: keys of suppressed addresses and of those who got the
    same message before; the latter are left out if `leaves_got`.
    """

    column: str = ""
    duplicates: bool = False
    formats: Mapping[str, str] = field(default_factory=dict)
    never: frozenset[str] = frozenset()
    got: frozenset[str] = frozenset()
    leaves_got: bool = False


@dataclass(frozen=True, kw_only=True)
class RowSelector:
    """Which recipient a preview is for: at or after `row`, before it, or the first whose row contains `search`."""

    row: int = 1
    is_before: bool = False
    search: str = ""  # casefolded


@dataclass(frozen=True, kw_only=True)
class ListRow:
    """One row of a list; with a `skip_reason` nothing is sent to it, and `skip` says why to people."""

    row: int  # as a spreadsheet counts: the header is row 1; of typed addresses their number
    to: str
    key: str
    values: dict[str, str] = field(default_factory=dict)
    skip: str = ""
    skip_reason: SkipReason | None = None


def address_column(columns: Sequence[str]) -> str:
    """Returns the column whose name says that it holds addresses, or an empty string."""
    by_key = {key_of(column): column for column in columns}
    named = next((by_key[name] for name in NAMES if name in by_key), "")
    return named or next((column for key, column in by_key.items() if "mail" in key), "")


def entries(typed: Path, reading: Reading) -> Iterator[ListRow]:
    """Yields every row of the typed copy, each with `skip` and `why`; holds only the addresses in memory."""
    import pyarrow.parquet as pq

    seen: dict[str, int] = {}
    number = 1
    with pq.ParquetFile(typed) as file:
        for batch in file.iter_batches(BATCH_ROWS):
            for row in batch.to_pylist():
                number += 1
                yield _entry(number, row, reading, seen)


def look_up(typed: Path, reading: Reading, selector: RowSelector) -> ListRow | None:
    """Returns the selected row, of those that something is sent to; None if there is none."""
    before: ListRow | None = None
    for entry in entries(typed, reading):
        if entry.skip_reason:
            continue
        if selector.search:
            if any(selector.search in value.casefold() for value in (entry.to, *entry.values.values())):
                return entry
        elif entry.row >= selector.row:
            return (before or entry) if selector.is_before else entry
        before = entry
    return None if selector.search else before


def of_addresses(addresses: Sequence[str], reading: Reading) -> Iterator[ListRow]:
    """Yields valid addresses as rows, each with `skip` and `why`."""
    seen: dict[str, int] = {}
    for number, address in enumerate(addresses, 1):
        yield _judged(ListRow(row=number, to=address, key=normal_form(address)), reading, seen)


def _entry(number: int, row: dict[str, Any], reading: Reading, seen: dict[str, int]) -> ListRow:
    # It may be a list that was downloaded here: in it, a text that begins like a formula has a guard.
    values = {name: unguarded(shown(value, reading.formats.get(name, ""))) for name, value in row.items()}
    typed = values.get(reading.column, "")
    try:
        address = one_address(typed)
    except ValueError as error:
        wrong = f"Row {number}: {error}" if typed else f"Row {number} has no address."
        return ListRow(row=number, to=typed[:400], key="", values=values, skip=wrong, skip_reason=SkipReason.BAD)
    row_of_list = ListRow(row=number, to=address, key=normal_form(address), values=values)
    return _judged(row_of_list, reading, seen)


def _judged(entry: ListRow, reading: Reading, seen: dict[str, int]) -> ListRow:
    if entry.key in reading.never:
        return replace(entry, skip=NEVER, skip_reason=SkipReason.NEVER)
    if entry.key in reading.got and reading.leaves_got:
        return replace(entry, skip=AGAIN, skip_reason=SkipReason.AGAIN)
    first = seen.setdefault(entry.key, entry.row)
    if first != entry.row and not reading.duplicates:
        return replace(
            entry, skip=f"Row {entry.row} has the same address as row {first}.", skip_reason=SkipReason.DUPLICATE
        )
    return entry


def addresses(typed: Path, column: str) -> list[str]:
    """Returns every address of a list once; raises UserError, which names the rows with something else."""
    every = entries(typed, Reading(column=column))
    rows = [entry for entry in every if entry.skip_reason is not SkipReason.DUPLICATE]
    wrong = [entry.skip for entry in rows if entry.skip_reason is SkipReason.BAD and entry.to]
    if wrong:
        more = f" {len(wrong) - WRONG:,} more rows are wrong too." if len(wrong) > WRONG else ""
        raise UserError(" ".join(wrong[:WRONG]) + more)
    return [entry.to for entry in rows if not entry.skip_reason]


def write_down(typed: Path, reading: Reading, target: Path) -> int:
    """Writes every row as the JSON of a NewDelivery, for a slot that never imports Arrow; returns how many."""
    number = 0
    with target.open("w", encoding="utf-8") as out:
        for entry in entries(typed, reading):
            delivery = {
                "to": entry.to,
                "data": entry.values,
                "skip": entry.skip,
                "skip_reason": entry.skip_reason,
                "key": entry.key,
            }
            out.write(json.dumps(delivery, ensure_ascii=False) + "\n")
            number += 1
    return number
