"""What a list of recipients holds, as a page tells it before anything is sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from webapp.mail.lists import ListRow, Reading, entries, of_addresses
from webapp.mail.merge import key_of
from webapp.ports.delivery_state import SkipReason

NAMED = 50  # rows of each problem that a page names


@dataclass
class Summary:
    """What a list holds, before anything is sent; the lists in it name at most NAMED rows."""

    rows: int = 0
    good: int = 0
    bad: int = 0
    duplicates: int = 0
    never: int = 0
    got: int = 0  # of those to whom it may go: who got the same message before
    bad_rows: list[tuple[int, str]] = field(default_factory=list)  # row, what is wrong
    duplicate_rows: list[tuple[int, str, int]] = field(default_factory=list)  # row, address, first row with it
    never_rows: list[tuple[int, str]] = field(default_factory=list)  # row, address
    got_rows: list[tuple[int, str]] = field(default_factory=list)
    empty: dict[str, int] = field(default_factory=dict)  # field: for how many it is empty
    empty_rows: dict[str, list[int]] = field(default_factory=dict)
    first: list[ListRow] = field(default_factory=list)  # the first that get it


def summary_of(typed: Path, reading: Reading, fields: Sequence[str]) -> Summary:
    """Returns what a page shows before anything is sent to a list. `fields`: those that the message uses."""
    return summary(entries(typed, reading), reading, fields)


def summary_of_typed(addresses: Sequence[str], reading: Reading) -> Summary:
    """Does the same for addresses that were typed."""
    return summary(of_addresses(addresses, reading), reading)


def summary(found: Iterable[ListRow], reading: Reading, fields: Sequence[str] = ()) -> Summary:
    """Returns what a page shows of these recipients."""
    told = Summary(empty=dict.fromkeys(fields, 0), empty_rows={name: [] for name in fields})
    firsts: dict[str, int] = {}
    for entry in found:
        told.rows += 1
        if entry.key in reading.got and entry.skip_reason in (None, SkipReason.AGAIN):
            told.got += 1
            _keep(told.got_rows, (entry.row, entry.to))
        if entry.skip_reason:
            _note_left_out(told, entry, firsts)
            continue
        told.good += 1
        firsts.setdefault(entry.key, entry.row)
        _keep(told.first, entry)
        _note_empty(told, entry)
    return told


def _note_left_out(told: Summary, entry: ListRow, firsts: Mapping[str, int]) -> None:
    if entry.skip_reason is SkipReason.BAD:
        told.bad += 1
        _keep(told.bad_rows, (entry.row, entry.skip))
    elif entry.skip_reason is SkipReason.NEVER:
        told.never += 1
        _keep(told.never_rows, (entry.row, entry.to))
    elif entry.skip_reason is SkipReason.DUPLICATE:
        told.duplicates += 1
        _keep(told.duplicate_rows, (entry.row, entry.to, firsts[entry.key]))


def _note_empty(found: Summary, entry: ListRow) -> None:
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
