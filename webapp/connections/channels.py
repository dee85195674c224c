"""The channels that an admin set up; their URLs are encrypted and leave this module only for a connection."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from sqlalchemy import Connection, RowMapping, delete, select, update

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
_COLUMNS = (c.c.id, c.c.name, c.c.service, c.c.internal, c.c.everyone, c.c.people, c.c.paused, c.c.helper, c.c.takes)


@dataclass(frozen=True, kw_only=True)
class ChannelRecord:
    """One channel as an admin sees it, without its URL; `helper` is the form in which the URL was entered."""

    id: int = 0
    name: str
    service: str
    internal: bool = False
    everyone: bool = True
    people: Sequence[int] = ()
    paused: bool = False
    helper: str = "other"
    takes: ChannelLimits = field(default_factory=ChannelLimits)

    def may_use(self, person: Person) -> bool:
        return person.is_admin or self.everyone or person.id in self.people


def listing(conn: Connection) -> list[ChannelRecord]:
    """Returns all channels, by name."""
    return [_record(row) for row in conn.execute(select(*_COLUMNS).order_by(c.c.name)).mappings()]


def usable(conn: Connection, person: Person) -> list[Channel]:
    """Returns the channels that this person may use, without their URLs."""
    return [_channel(record) for record in listing(conn) if record.may_use(person)]


def one(conn: Connection, channel_id: int) -> ChannelRecord:
    """Returns one channel; raises NotFound if it is gone."""
    row = conn.execute(select(*_COLUMNS).where(c.c.id == channel_id)).mappings().first()
    if row is None:
        raise NotFound(GONE)
    return _record(row)


def of(conn: Connection, box: SecretBox, channel_id: str, person: Person) -> Channel:
    """Returns a channel with its URL; raises NotFound if it is gone or not this person's to use."""
    record = one(conn, row_id(channel_id))
    if not record.may_use(person):
        raise NotFound(GONE)
    return _channel(record, url_of(conn, box, record.id))


def url_of(conn: Connection, box: SecretBox, channel_id: int) -> str:
    """Returns the URL of a channel; raises NotFound if it is gone."""
    stored = conn.execute(select(c.c.url).where(c.c.id == channel_id)).scalar()
    if stored is None:
        raise NotFound(GONE)
    return box.decrypt(stored)


def save(conn: Connection, box: SecretBox, channel: ChannelRecord, url: str) -> int:
    """Adds a channel (id 0) or changes one, and returns its id; an empty `url` keeps the stored one.

    Raises UserError if the name is wrong or taken, NotFound if the channel is gone.
    """
    values: dict[str, object] = {
        "name": read_name(channel.name),
        "internal": channel.internal,
        "everyone": channel.everyone,
        "people": list(channel.people),
        "paused": channel.paused,
    }
    if url:
        values |= {"url": box.encrypt(url), "service": channel.service, "helper": channel.helper}
        values |= {"takes": asdict(channel.takes)}
    return save_unique(conn, c, channel.id, values, taken=TAKEN, gone=GONE, only_new={"created": now()})


def pause(conn: Connection, channel_id: int, *, paused: bool) -> None:
    """Pauses or resumes a channel."""
    conn.execute(update(c).where(c.c.id == channel_id).values(paused=paused))


def remove(conn: Connection, channel_id: int) -> None:
    """Deletes a channel."""
    conn.execute(delete(c).where(c.c.id == channel_id))


def _record(row: RowMapping) -> ChannelRecord:
    return ChannelRecord(**{**row, "takes": ChannelLimits(**row["takes"])})


def _channel(record: ChannelRecord, url: str = "") -> Channel:
    return Channel(
        id=str(record.id),
        name=record.name,
        service=record.service,
        url=url,
        internal=record.internal,
        paused=record.paused,
        takes=record.takes,
    )
