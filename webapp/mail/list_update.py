"""Updates a saved list from another table: known addresses change, the others are added."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from webapp.errors import UserError
from webapp.mail.formats import shown
from webapp.mail.lists import BATCH_ROWS
from webapp.mail.recipients import normal_form, one_address
from webapp.ports.csv_cells import guarded, unguarded
from webapp.ports.tables import Column

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ListTable:
    """A table with addresses: its typed copy, its columns, and the name of the one with the addresses."""

    typed: Path
    columns: Sequence[Column]
    address_column: str


@dataclass(frozen=True, kw_only=True)
class Updated:
    """What an import did, and the list afterwards."""

    added: int
    changed: int
    removed: int
    refused: Sequence[str]  # messages about rows of the import without a valid address
    rows: int
    columns: Sequence[Column]


def update(old: ListTable, new: ListTable, typed: Path, text: Path, only_new: bool) -> Updated:
    """Writes the updated list to `typed` as Parquet and to `text` as CSV; raises UserError if `new` has no address.

    A cell that is empty in the import leaves what was there. `only_new` removes those that are not in the import.
    """
    address = old.address_column
    columns = _columns(old.columns, [_renamed(column, new.address_column, address) for column in new.columns])
    table = {_key(row.get(address), number): row for number, row in enumerate(_rows(old.typed), 2)}
    added, changed, refused, seen = 0, 0, [], set()
    for number, row in enumerate(_unguarded(_rows(new.typed)), 2):
        row[address] = row.pop(new.address_column)
        key = _key(row[address], number)
        if not key[1]:
            refused.append(f"Row {number}: {row[address] or 'no address'}")
            continue
        added, changed = added + (key not in table), changed + _differs(table.get(key), row)
        table[key] = {**table.get(key, {}), **{name: value for name, value in row.items() if value is not None}}
        seen.add(key)
    if not seen:
        raise UserError("No row of this file holds an address.", field="file")
    kept = [row for key, row in table.items() if key in seen] if only_new else list(table.values())
    _write(kept, columns, {**_types(new.typed), **_types(old.typed)}, typed, text)
    return Updated(
        added=added,
        changed=changed,
        removed=len(table) - len(kept),
        refused=refused,
        rows=len(kept),
        columns=columns,
    )


def _renamed(column: Column, before: str, after: str) -> Column:
    return Column(after, column.type, column.note) if column.name == before else column


def _columns(old: Sequence[Column], new: Sequence[Column]) -> list[Column]:
    """Those of the list, then what only the import has; of different types a text is made."""
    found = {column.name: column for column in old}
    for column in new:
        known = found.setdefault(column.name, column)
        if known.type != column.type:
            is_number = {known.type, column.type} == {"integer", "number"}
            found[column.name] = Column(known.name, "number" if is_number else "text", known.note)
    return list(found.values())


def _key(address: Any, number: int) -> tuple[int, str]:
    """Returns the key of a row: one for each mailbox; rows without a valid address stay apart."""
    try:
        return (0, normal_form(one_address(shown(address))))
    except ValueError:
        return (number, "")


def _differs(known: Row | None, row: Row) -> bool:
    return known is not None and any(value is not None and known.get(name) != value for name, value in row.items())


def _rows(typed: Path) -> Iterator[Row]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(typed) as file:
        for batch in file.iter_batches(BATCH_ROWS):
            yield from batch.to_pylist()


def _unguarded(rows: Iterator[Row]) -> Iterator[Row]:
    """Yields the rows of a file that may be the downloaded list, changed by hand."""
    for row in rows:
        yield {name: unguarded(value) if isinstance(value, str) else value for name, value in row.items()}


def _types(typed: Path) -> Mapping[str, "pa.DataType"]:
    import pyarrow.parquet as pq

    return {field.name: field.type for field in pq.read_schema(typed)}


def _write(
    rows: Sequence[Row], columns: Sequence[Column], types: Mapping[str, "pa.DataType"], typed: Path, text: Path
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    made = {"text": pa.string(), "number": pa.float64()}
    schema = pa.schema([(one.name, made.get(one.type) or types[one.name]) for one in columns])
    cast = {one.name: shown if one.type == "text" else float if one.type == "number" else None for one in columns}
    with pq.ParquetWriter(typed, schema) as out, text.open("w", encoding="utf-8-sig", newline="") as lines:
        plain = csv.writer(lines)
        plain.writerow([guarded(one.name) for one in columns])
        for start in range(0, max(1, len(rows)), BATCH_ROWS):
            part = [_cast(row, cast) for row in rows[start : start + BATCH_ROWS]]
            out.write_table(pa.Table.from_pylist(part, schema))
            plain.writerows([[_cell(row[one.name]) for one in columns] for row in part])


def _cell(value: Any) -> str:
    """A negative number is no formula; a text that begins like one gets a guard."""
    return guarded(shown(value, "iso")) if isinstance(value, str) else shown(value, "iso")


def _cast(row: Row, cast: Mapping[str, Any]) -> Row:
    """Returns every column of the list; what has no value is empty."""
    cells = {name: row.get(name) for name in cast}
    return {name: make(cells[name]) if make and cells[name] is not None else cells[name] for name, make in cast.items()}
