"""The channels that an admin set up; their addresses are sealed and leave this module only towards a connection."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, select, update

from webapp.clock import now
from webapp.crypto import SecretBox
from webapp.db import schema
from webapp.db.upsert import save_unique
from webapp.errors import NotFound
from webapp.ports.channels import Channel, ChannelLimits
from webapp.ports.names import read_name
from webapp.ports.people import Person
from webapp.ports.values import row_id

c = schema.channel
GONE = "This channel is not there any more, or not for you."
TAKEN = "Another channel has this name already."
_COLUMNS = (c.c.id, c.c.name, c.c.service, c.c.internal, c.c.everyone, c.c.people, c.c.paused, c.c.helper)


@dataclass(frozen=True)
class ChannelRecord:
    """One channel, as its admin sees it; its address is never shown."""

    id: int
    name: str
    service: str
    internal: bool
    everyone: bool
    people: Sequence[int]
    paused: bool
    helper: str = "other"
    takes: ChannelLimits = field(default_factory=ChannelLimits)

    def may_use(self, person: Person) -> bool:
        return person.is_admin or self.everyone or person.id in self.people


def listing(conn: Connection) -> list[ChannelRecord]:
    """All of them, by name."""
    return [_stored(row) for row in conn.execute(select(*_COLUMNS, c.c.takes).order_by(c.c.name))]


def _stored(row: Any) -> ChannelRecord:
    return ChannelRecord(
        row.id, row.name, row.service, row.internal, row.everyone, row.people, row.paused, row.helper,
        ChannelLimits(**row.takes),
    )  # fmt: skip


def usable(conn: Connection, person: Person) -> list[Channel]:
    """Those that this person may send to, without their addresses."""
    found = [one for one in listing(conn) if one.may_use(person)]
    return [Channel(str(one.id), one.name, one.service, "", one.internal, one.paused, one.takes) for one in found]


def one(conn: Connection, channel_id: int) -> ChannelRecord:
    found = next((one for one in listing(conn) if one.id == channel_id), None)
    if found is None:
        raise NotFound(GONE)
    return found


def of(conn: Connection, seal: SecretBox, channel_id: str, person: Person) -> Channel:
    """With its address; NotFound where it is gone or this person may not use it."""
    row = conn.execute(select(*_COLUMNS, c.c.takes, c.c.url).where(c.c.id == row_id(channel_id))).first()
    if row is None or not (found := _stored(row)).may_use(person):
        raise NotFound(GONE)
    url = seal.open(row.url)
    return Channel(str(found.id), found.name, found.service, url, found.internal, found.paused, found.takes)


def url_of(conn: Connection, seal: SecretBox, channel_id: int) -> str:
    """The address of one; NotFound where it is gone."""
    stored = conn.execute(select(c.c.url).where(c.c.id == channel_id)).scalar()
    if stored is None:
        raise NotFound(GONE)
    return seal.open(stored)


def save(conn: Connection, seal: SecretBox, channel: ChannelRecord, url: str) -> int:
    """Enters a new one (id 0) or changes one, whose address stays if `url` is empty. Raises UserError for its name."""
    values: dict[str, object] = {
        "name": read_name(channel.name),
        "internal": channel.internal,
        "everyone": channel.everyone,
        "people": list(channel.people),
        "paused": channel.paused,
    }
    if url:
        values |= {"url": seal.close(url), "service": channel.service, "helper": channel.helper}
        values |= {"takes": asdict(channel.takes)}
    return save_unique(conn, c, channel.id, values, taken=TAKEN, gone=GONE, only_new={"created": now()})


def pause(conn: Connection, channel_id: int, *, paused: bool) -> None:
    conn.execute(update(c).where(c.c.id == channel_id).values(paused=paused))


def remove(conn: Connection, channel_id: int) -> None:
    conn.execute(delete(c).where(c.c.id == channel_id))
