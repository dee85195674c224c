"""Reads a delimited text such as CSV twice: first to infer its types, then to write the typed copy."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from webapp.errors import UserError
from webapp.ports.tables import Column, TableSchema
from webapp.reports.reading import column_names, dialect, encoding, file_type, typed_copy
from webapp.reports.reading.overrides import NOTHING, ParseOverrides
from webapp.reports.reading.type_inference import ARROW_TYPES, Reading, TypeGuess, is_filled

MOST_ROWS = 5_000_000
_BLOCK, _LARGE_BLOCK = 4 << 20, 64 << 20


def understand(path: Path, name: str, target: Path, overrides: ParseOverrides = NOTHING) -> TableSchema:
    """Writes the typed copy to `target` and returns the schema of the table."""
    scratch = target.with_name(target.name + ".utf8")
    try:
        text, label, notes = encoding.as_utf8(path, name, scratch)
        return _understand(_Text(text, name, dialect.find(text, name)), target, label, notes, overrides)
    finally:
        scratch.unlink(missing_ok=True)


def _understand(text: "_Text", target: Path, label: str, notes: list[str], overrides: ParseOverrides) -> TableSchema:
    guesses = _guessed(text)
    _refuse_empty(text, guesses)
    positions_used = [
        position for position, guess in enumerate(guesses) if guess.filled or text.dialect.header[position].strip()
    ]
    named, changes = column_names.made_unique([text.dialect.header[position] for position in positions_used])
    point = _decimal_point(guesses, text.dialect.delimiter)
    type_overrides = {
        position: overrides.types.get(title, "") for position, title in zip(positions_used, named, strict=True)
    }
    readings = {position: guesses[position].settle(point, type_overrides[position]) for position in positions_used}
    rows, empty = _write(text, readings, named, target)
    if empty:
        notes = [*notes, f"{empty:,} empty {'row was' if empty == 1 else 'rows were'} left out."]
    columns = [
        Column(title, reading.type, reading.note, overrides.types.get(title, ""))
        for title, reading in zip(named, readings.values(), strict=True)
    ]
    remarks = [f"“{column.name}”: {column.note}" for column in columns if column.note]
    return TableSchema(rows, columns, encoding=label, delimiter=text.dialect.shown, notes=[*notes, *changes, *remarks])


class _Text:
    """A UTF-8 text whose rows can be read repeatedly, as batches of texts."""

    def __init__(self, path: Path, name: str, found: dialect.Dialect) -> None:
        self.path = path
        self.name = name
        self.dialect = found
        self.width = len(found.header)
        self.misfits: list[tuple[int, int]] = []
        self.misfit_count = 0
        self.skipped = 0
        self._block = _BLOCK if self.width <= 1000 else _LARGE_BLOCK

    def batches(self) -> Iterator[pa.RecordBatch]:
        self.misfits, self.misfit_count, self.skipped = [], 0, 0
        with self.path.open("rb") as file:
            file.seek(0, 2)
            if file.tell() <= self.dialect.offset:
                return
            file.seek(self.dialect.offset)
            yield from self._read(file)

    def _read(self, file: Any) -> Iterator[pa.RecordBatch]:
        columns = [str(position) for position in range(self.width)]
        try:
            yield from arrow_csv.open_csv(
                file,
                # With one thread rows have numbers, and a core stays free for the panel.
                arrow_csv.ReadOptions(use_threads=False, block_size=self._block, column_names=columns),
                arrow_csv.ParseOptions(
                    delimiter=self.dialect.delimiter,
                    newlines_in_values=True,
                    ignore_empty_lines=False,
                    invalid_row_handler=self._misfit,
                ),
                arrow_csv.ConvertOptions(column_types=dict.fromkeys(columns, pa.string())),
            )
        except pa.ArrowInvalid as error:
            if "straddling" not in str(error):
                raise
            raise self._unclosed() from None

    def _misfit(self, row: arrow_csv.InvalidRow) -> str:
        if not row.text.strip(self.dialect.delimiter + '" \t\r\n'):
            self.skipped += 1
            return "skip"
        self.misfit_count += 1
        if len(self.misfits) < 5:
            self.misfits.append((row.number + self.dialect.first_row - 1, row.actual_columns))
        return "skip"

    def refuse_misfits(self) -> None:
        if not self.misfit_count:
            return
        examples = ", ".join(f"row {number} has {count}" for number, count in self.misfits)
        more = self.misfit_count - len(self.misfits)
        raise UserError(
            f"In “{self.name}” not all rows have the same number of columns. The first row has {self.width}, {examples}"
            + (f", and {more:,} more rows differ" if more else "")
            + ". Correct them and choose the file again.",
            "data",
        )

    def refuse_unclosed(self, last: str) -> None:
        """Raises UserError if a quotation mark is never closed: the last cell would hold all rows after it."""
        with self.path.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - 1000))
            tail = file.read().rstrip()
        if "\n" in last and not tail.endswith(b'"'):
            raise self._unclosed()

    def _unclosed(self) -> UserError:
        return UserError(
            f"“{self.name}” has a quotation mark that is never closed, or a cell of several million characters. "
            "Correct it and choose the file again.",
            "data",
        )


def _guessed(text: _Text) -> list[TypeGuess]:
    guesses = [TypeGuess(title) for title in text.dialect.header]
    first_row = text.dialect.first_row
    last = text.dialect.header[-1]
    for batch in text.batches():
        for guess, column in zip(guesses, batch.columns, strict=True):
            guess.feed(column, first_row)
        first_row += batch.num_rows
        if first_row > MOST_ROWS + text.dialect.first_row:
            raise UserError(f"“{text.name}” has more than {MOST_ROWS:,} rows, which is the limit.", "data")
        last = batch.column(text.width - 1)[-1].as_py() if batch.num_rows else last
    text.refuse_misfits()
    text.refuse_unclosed(last)
    return guesses


def _refuse_empty(text: _Text, guesses: list[TypeGuess]) -> None:
    if not any(guess.filled for guess in guesses) and not any(name.strip() for name in text.dialect.header):
        raise file_type.empty(text.name)


def _decimal_point(guesses: list[TypeGuess], delimiter: str) -> str:
    proven = {guess.point for guess in guesses} - {""}
    if len(proven) == 1:
        return proven.pop()
    return "," if delimiter == ";" else "."


def _write(text: _Text, readings: dict[int, Reading], named: list[str], target: Path) -> tuple[int, int]:
    """Returns the number of rows written and of empty rows left out between them."""
    fields = zip(named, readings.values(), strict=True)
    schema = pa.schema([(title, ARROW_TYPES[reading.type]) for title, reading in fields])
    empty = at_end = 0
    with typed_copy.writing(target, schema) as file:
        for batch in text.batches():
            filled, after = _without_empty_rows(batch)
            if filled.num_rows:
                empty += at_end + batch.num_rows - filled.num_rows - after
                at_end = 0
            at_end += after
            columns = [reading.read(filled.column(position)) for position, reading in readings.items()]
            file.add(pa.record_batch(columns, schema=schema))
    return file.rows, empty


def _without_empty_rows(batch: pa.RecordBatch) -> tuple[pa.RecordBatch, int]:
    """Returns the rows that are not empty, and the number of empty ones after the last of them."""
    filled = None
    for column in batch.columns:
        filled_here = is_filled(pc.utf8_trim_whitespace(column))
        filled = filled_here if filled is None else pc.or_(filled, filled_here)
        if pc.all(filled).as_py():
            return batch, 0
    positions = pc.indices_nonzero(filled)
    last = positions[-1].as_py() if len(positions) else -1
    return batch.take(positions), batch.num_rows - 1 - last
