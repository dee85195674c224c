"""Ingests uploads: parses them in a child process with limits, stores the file, then adds its row."""

import os
from collections.abc import Sequence
from pathlib import Path, PurePath

from webapp import sandbox
from webapp.errors import UserError
from webapp.files import uploads
from webapp.files.store import Store, safe_name
from webapp.installation import Installation
from webapp.mail import list_update, lists
from webapp.mail.list_update import ListTable, Updated
from webapp.mail.recipients import one_address
from webapp.ports.files import Attachment
from webapp.ports.people import Person
from webapp.ports.tables import Column, Table, TableSchema
from webapp.reports.reading.overrides import NOTHING, ParseOverrides
from webapp.reports.reading.sources import understand_apart

NO_ADDRESSES = "No column of this list holds addresses. Its columns are {}."


def receive(
    installation: Installation, person: Person, name: str, path: Path, overrides: ParseOverrides = NOTHING
) -> Table:
    """Parses and stores the uploaded file at `path`; raises UserError if it cannot be read: then nothing is stored."""
    name = safe_name(name)
    with installation.store.unfinished() as typed:
        schema = understand_apart(path, name, typed, overrides)
        stored = installation.store.keep(path, {uploads.TYPED: typed})
    with installation.write() as conn:
        upload_id = uploads.add(conn, person, name, stored, schema)
    return installation.form_context(person).table(upload_id)


def reread(installation: Installation, person: Person, table: Table, overrides: ParseOverrides) -> Table:
    """Parses the same file with other overrides, as a new upload: existing tasks keep the old one."""
    with installation.store.unfinished() as copy:
        os.link(table.path, copy)
        return receive(installation, person, table.name, copy, overrides)


def receive_attachment(installation: Installation, person: Person, name: str, path: Path) -> Attachment:
    """Stores a file of any type as an attachment, without parsing it."""
    stored = installation.store.keep(path)
    with installation.write() as conn:
        upload_id = uploads.add(conn, person, safe_name(name), stored)
    return installation.form_context(person).attachment(upload_id)


def update_list(
    installation: Installation, person: Person, known: Table, name: str, path: Path, *, only_new: bool
) -> tuple[Updated, str]:
    """Merges an uploaded file into a list. Returns what changed, and the id of a new upload with the merged list."""
    with (
        installation.store.unfinished() as typed,
        installation.store.unfinished() as merged,
        installation.store.unfinished() as text,
    ):
        understood = understand_apart(path, safe_name(name), typed)
        updated: Updated = sandbox.call(
            list_update.update,
            _list_table(known.typed, known.schema),
            _list_table(typed, understood),
            merged,
            text,
            only_new,
            seconds=lists.SECONDS,
            memory_mb=lists.MEMORY_MB,
            what=f"“{safe_name(name)}”",
        )
        stored = installation.store.keep(text, {uploads.TYPED: merged})
    merged_schema = TableSchema(updated.rows, updated.columns, encoding="UTF-8", delimiter=",")
    merged_name = f"{PurePath(known.name).stem}.csv"
    with installation.write() as conn:
        return updated, uploads.add(conn, person, merged_name, stored, merged_schema)


def _list_table(typed: Path, schema: TableSchema) -> ListTable:
    columns = list(schema.columns)
    return ListTable(typed=typed, columns=columns, address_column=_address_column(columns))


def _address_column(columns: Sequence[Column]) -> str:
    names = [column.name for column in columns]
    found = lists.address_column(names) or (names[0] if len(names) == 1 else "")
    if not found:
        raise UserError(NO_ADDRESSES.format(", ".join(names[:20])), field="file")
    return found


def read_addresses_of(store: Store, name: str, path: Path) -> list[str]:
    """Returns the addresses of an uploaded list without storing it; raises UserError with the row of an invalid one."""
    with store.unfinished() as typed:
        schema = understand_apart(path, safe_name(name), typed)
        column = _address_column(schema.columns)
        found: list[str] = sandbox.call(
            lists.addresses, typed, column, seconds=lists.SECONDS, memory_mb=lists.MEMORY_MB, what=f"“{name}”"
        )
    return [*_of_header(column), *found]


def _of_header(column: str) -> list[str]:
    """Returns the address that a list without a header has as its column name; else nothing."""
    try:
        return [one_address(column)]
    except ValueError:
        return []
