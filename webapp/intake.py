"""Takes an upload in: read under limits in a child that ends with it, kept whole, entered last."""

from pathlib import Path
from typing import TYPE_CHECKING

from webapp.files import uploads
from webapp.files.store import safe_name
from webapp.ports import Person, Table
from webapp.reports.sources import understand_apart

if TYPE_CHECKING:
    from webapp.house import House


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
