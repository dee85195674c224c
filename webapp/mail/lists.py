"""Reads the recipients of a list: the typed copy of a table with a column of addresses.

Arrow is imported in here only when rows are read: the web process and slots do that in a child that ends with it.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from webapp.errors import UserError
from webapp.mail.merge import key_of, shown
from webapp.mail.recipients import normal_form, one_address

BATCH_ROWS = 10_000
WRONG = 5  # rows that one error names
NAMED = 50  # rows of each problem that a page names
NAMES = ("e-mail", "email", "e-mail address", "email address", "mail", "correo", "address")
SECONDS, MEMORY_MB = 60.0, 1024


@dataclass(frozen=True)
class Entry:
    """One row of a list; `skip` says why nothing is sent to it, `why` in one word: bad, duplicate."""

    row: int  # as a spreadsheet counts: the header is row 1
    to: str
    key: str
    values: dict[str, str]
    skip: str = ""
    why: str = ""


@dataclass
class Summary:
    """What a list holds, before anything is sent; the lists in it name at most NAMED rows."""

    rows: int = 0
    good: int = 0
    bad: int = 0
    duplicates: int = 0
    bad_rows: list[tuple[int, str]] = field(default_factory=list)  # row, what is wrong
    duplicate_rows: list[tuple[int, str, int]] = field(default_factory=list)  # row, address, first row with it
    empty: dict[str, int] = field(default_factory=dict)  # field: for how many it is empty
    empty_rows: dict[str, list[int]] = field(default_factory=dict)
    first: list[Entry] = field(default_factory=list)  # the first that get it


def address_column(columns: Sequence[str]) -> str:
    """The column that is called like addresses; empty where none is."""
    by_key = {key_of(column): column for column in columns}
    named = next((by_key[name] for name in NAMES if name in by_key), "")
    return named or next((column for key, column in by_key.items() if "mail" in key), "")


def entries(typed: Path, column: str, *, duplicates: bool = False) -> Iterator[Entry]:
    """Every row of the typed copy in its order, each with a verdict; the memory is that of the addresses."""
    import pyarrow.parquet as pq

    seen: dict[str, int] = {}
    number = 1
    with pq.ParquetFile(typed) as file:
        for batch in file.iter_batches(BATCH_ROWS):
            for row in batch.to_pylist():
                number += 1
                yield _entry(number, row, column, seen, duplicates=duplicates)


def _entry(number: int, row: dict[str, Any], column: str, seen: dict[str, int], *, duplicates: bool) -> Entry:
    values = {name: shown(value) for name, value in row.items()}
    typed = values.get(column, "")
    try:
        address = one_address(typed)
    except ValueError as error:
        wrong = f"Row {number}: {error}" if typed else f"Row {number} has no address."
        return Entry(number, typed[:400], "", values, wrong, "bad")
    key = normal_form(address)
    first = seen.setdefault(key, number)
    if first != number and not duplicates:
        return Entry(number, address, key, values, f"Row {number} has the same address as row {first}.", "duplicate")
    return Entry(number, address, key, values)


def summary(typed: Path, column: str, fields: Sequence[str], duplicates: bool) -> Summary:
    """What a page shows before anything is sent. `fields`: those that the message uses."""
    found = Summary(empty=dict.fromkeys(fields, 0), empty_rows={name: [] for name in fields})
    firsts: dict[str, int] = {}
    for entry in entries(typed, column, duplicates=duplicates):
        found.rows += 1
        if entry.why == "bad":
            found.bad += 1
            _keep(found.bad_rows, (entry.row, entry.skip))
        elif entry.why == "duplicate":
            found.duplicates += 1
            _keep(found.duplicate_rows, (entry.row, entry.to, firsts[entry.key]))
        else:
            found.good += 1
            firsts.setdefault(entry.key, entry.row)
            _keep(found.first, entry)
            _note_empty(found, entry)
    return found


def _note_empty(found: Summary, entry: Entry) -> None:
    if not found.empty:
        return
    filled = {key_of(name) for name, value in entry.values.items() if value}
    for name in found.empty:
        if key_of(name) not in filled:
            found.empty[name] += 1
            _keep(found.empty_rows[name], entry.row)


def _keep(rows: list[Any], row: Any) -> None:
    if len(rows) < NAMED:
        rows.append(row)


def addresses(typed: Path, column: str) -> list[str]:
    """Every address of a list, each once; UserError names the rows that hold something else."""
    found = [entry for entry in entries(typed, column) if entry.why != "duplicate"]
    wrong = [entry.skip for entry in found if entry.why == "bad" and entry.to]
    if wrong:
        more = f" {len(wrong) - WRONG:,} more rows are wrong too." if len(wrong) > WRONG else ""
        raise UserError(" ".join(wrong[:WRONG]) + more)
    return [entry.to for entry in found if not entry.why]


def write_down(typed: Path, column: str, target: Path, duplicates: bool) -> int:
    """Writes every entry as a line of JSON, for a slot that never imports Arrow; returns how many."""
    number = 0
    with target.open("w", encoding="utf-8") as out:
        for entry in entries(typed, column, duplicates=duplicates):
            out.write(json.dumps([entry.to, entry.values, entry.skip, entry.why, entry.key], ensure_ascii=False) + "\n")
            number += 1
    return number
