"""Takes uploads in: read under limits in a child that ends with it, kept whole, entered last."""

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


def receive(installation: Installation, person: Person, name: str, path: Path, wish: ParseOverrides = NOTHING) -> Table:
    """Reads, keeps and enters the uploaded file at `path`; UserError, and nothing kept, where it cannot be read."""
    name = safe_name(name)
    with installation.store.unfinished() as typed:
        understood = understand_apart(path, name, typed, wish)
        stored = installation.store.keep(path, {uploads.TYPED: typed})
    with installation.write() as conn:
        upload_id = uploads.add(conn, person, name, stored, understood)
    return installation.form_context(person).table(upload_id)


def reread(installation: Installation, person: Person, table: Table, wish: ParseOverrides) -> Table:
    """The same file read in another way, as a new upload: tasks that began with the old one keep what they had."""
    with installation.store.unfinished() as copy:
        os.link(table.path, copy)
        return receive(installation, person, table.name, copy, wish)


def receive_attachment(installation: Installation, person: Person, name: str, path: Path) -> Attachment:
    """Keeps and enters a file of any type, to be attached; nothing of it is read."""
    stored = installation.store.keep(path)
    with installation.write() as conn:
        upload_id = uploads.add(conn, person, safe_name(name), stored)
    return installation.form_context(person).attachment(upload_id)


def update_list(
    installation: Installation, person: Person, known: Table, name: str, path: Path, *, only_new: bool
) -> tuple[Updated, str]:
    """Brings a list up to date from an uploaded file; a new upload holds the result, and its id is returned."""
    with (
        installation.store.unfinished() as typed,
        installation.store.unfinished() as merged,
        installation.store.unfinished() as text,
    ):
        understood = understand_apart(path, safe_name(name), typed)
        updated: Updated = sandbox.call(
            list_update.update,
            _list_table(known.typed, known.understood),
            _list_table(typed, understood),
            merged,
            text,
            only_new,
            seconds=lists.SECONDS,
            memory_mb=lists.MEMORY_MB,
            what=f"“{safe_name(name)}”",
        )
        stored = installation.store.keep(text, {uploads.TYPED: merged})
    now_known = TableSchema(updated.rows, updated.columns, encoding="UTF-8", delimiter=",")
    called = f"{PurePath(known.name).stem}.csv"
    with installation.write() as conn:
        return updated, uploads.add(conn, person, called, stored, now_known)


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
    """The addresses of an uploaded list, which is not kept; UserError names what is no address, with its row."""
    with store.unfinished() as typed:
        understood = understand_apart(path, safe_name(name), typed)
        column = _address_column(understood.columns)
        found: list[str] = sandbox.call(
            lists.addresses, typed, column, seconds=lists.SECONDS, memory_mb=lists.MEMORY_MB, what=f"“{name}”"
        )
    return [*_of_header(column), *found]


def _of_header(column: str) -> list[str]:
    """A list without a header has an address where the name of the column would stand."""
    try:
        return [one_address(column)]
    except ValueError:
        return []
