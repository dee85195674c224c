"""Takes uploads in: read under limits in a child that ends with it, kept whole, entered last."""

from pathlib import Path
from typing import TYPE_CHECKING

from webapp import processes
from webapp.errors import UserError
from webapp.files import uploads
from webapp.files.store import Store, safe_name
from webapp.mail import lists
from webapp.mail.recipients import one_address
from webapp.ports import Attachment, Person, Table
from webapp.reports.sources import understand_apart

if TYPE_CHECKING:
    from webapp.house import House

NO_ADDRESSES = "No column of this list holds addresses. Its columns are {}."


def receive(house: "House", person: Person, name: str, path: Path) -> Table:
    """Reads, keeps and enters the uploaded file at `path`; UserError, and nothing kept, where it cannot be read."""
    name = safe_name(name)
    with house.store.unfinished() as typed:
        understood = understand_apart(path, name, typed)
        stored = house.store.keep(path)
        typed.replace(house.store.path(stored.storage + uploads.TYPED))
    with house.write() as conn:
        upload_id = uploads.add(conn, person, name, stored, understood)
    return house.table_of(person.id, upload_id)


def receive_attachment(house: "House", person: Person, name: str, path: Path) -> Attachment:
    """Keeps and enters a file of any type, to be attached; nothing of it is read."""
    stored = house.store.keep(path)
    with house.write() as conn:
        upload_id = uploads.add(conn, person, safe_name(name), stored)
    return house.attachment_of(person, upload_id)


def read_addresses_of(store: Store, name: str, path: Path) -> list[str]:
    """The addresses of an uploaded list, which is not kept; UserError names what is no address, with its row."""
    with store.unfinished() as typed:
        understood = understand_apart(path, safe_name(name), typed)
        columns = [column.name for column in understood.columns]
        column = lists.address_column(columns) or (columns[0] if len(columns) == 1 else "")
        if not column:
            raise UserError(NO_ADDRESSES.format(", ".join(columns[:20])))
        found: list[str] = processes.call(
            lists.addresses, typed, column, seconds=lists.SECONDS, memory_mb=lists.MEMORY_MB, what=f"“{name}”"
        )
    return [*_of_header(column), *found]


def _of_header(column: str) -> list[str]:
    """A list without a header has an address where the name of the column would stand."""
    try:
        return [one_address(column)]
    except ValueError:
        return []
