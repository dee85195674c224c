"""The suppression list: addresses that unsubscribed or that an admin entered; nothing is sent to them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, delete, func, select

from webapp.clock import now
from webapp.db import schema
from webapp.db.upsert import insert_missing
from webapp.mail.recipients import normal_form
from webapp.ports.people import Person

Source = Literal["unsubscribed", "added", "imported"]
BATCH = 1_000  # addresses in one statement; SQLite takes no more than 32,766 values

n = schema.suppression


@dataclass(frozen=True, kw_only=True)
class Suppression:
    """One address on the list; `task` sent the message that was unsubscribed from."""

    key: str
    address: str
    source: Source
    task: int | None
    at: datetime


def add(
    conn: Connection, addresses: Sequence[str], source: Source, *, by: Person | None = None, task: int | None = None
) -> int:
    """Adds addresses and returns how many are new; those on the list stay as they are."""
    more = {"source": source, "task": task, "person": by.id if by else None, "at": now()}
    added = 0
    for part in _parts(addresses):
        rows = {key: {"key": key, "address": address, **more} for address in part for key in [normal_form(address)]}
        added += insert_missing(conn, n, list(rows.values()))
    return added


def remove(conn: Connection, key: str, *, only: Source | None = None) -> bool:
    """Takes an address off the list, with `only` if it has that source; returns False if nothing was removed."""
    gone = delete(n).where(n.c.key == key)
    return conn.execute(gone.where(n.c.source == only) if only else gone).rowcount > 0


def which(conn: Connection, addresses: Iterable[str]) -> list[str]:
    """Returns those of these addresses that are on the list."""
    suppressed: list[str] = []
    for part in _parts(list(addresses)):
        by_key = {normal_form(address): address for address in part}
        keys = conn.execute(select(n.c.key).where(n.c.key.in_(by_key))).scalars()
        suppressed += [by_key[key] for key in keys]
    return suppressed


def keys(conn: Connection) -> frozenset[str]:
    """Returns the keys of the whole list, to check many addresses at once."""
    return frozenset(conn.execute(select(n.c.key)).scalars())


def number(conn: Connection) -> int:
    """Returns the number of addresses on the list."""
    return conn.execute(select(func.count()).select_from(n)).scalar_one()


def listing(conn: Connection, search: str = "", after: str = "", limit: int = 50) -> list[Suppression]:
    """Returns the addresses that contain `search`, in order of their keys, from the one after `after`."""
    query = select(n.c.key, n.c.address, n.c.source, n.c.task, n.c.at).order_by(n.c.key).limit(limit)
    if search:
        query = query.where(n.c.address.icontains(search, autoescape=True))
    if after:
        query = query.where(n.c.key > after)
    return [Suppression(**row._mapping) for row in conn.execute(query)]


def _parts(addresses: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(addresses), BATCH):
        yield addresses[start : start + BATCH]
