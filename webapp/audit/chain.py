"""Seals the audit trail into a chain of hashes, verifies it, and cuts whole sealed batches off its old end.

A seal covers the entries after the one before it, up to its own last id: their number, and SHA-256 over them and the
hash of the seal before. So a changed, missing, added or moved entry changes a hash. Where old entries were removed, the
anchor keeps the last removed seal's hash, with which the chain goes on. Triggers refuse every change of an entry or a
seal, and the removal of what is not behind the anchor (migration 0012).
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, text

from webapp.clock import now
from webapp.db import schema
from webapp.db.upsert import upsert

BATCH = 1_000  # entries under one seal
CHUNK = 500  # entries read at a time
LOOKS = 100  # at transactions in flight, before the seal waits for the next round
# What a hash covers, in this order. A column that is added later is not among them: older seals would not verify.
SEALED = (
    "id", "at", "person", "actor", "action", "kind", "target", "subject", "owner", "details", "network", "session",
)  # fmt: skip
ANCHOR = 1  # the id of the only row

a, s, c = schema.audit, schema.audit_seal, schema.audit_anchor
# A transaction holds this lock from before its entry has an id until the entry can be seen.
_WRITERS = text(
    "select virtualtransaction from pg_locks where relation = 'audit'::regclass and mode = 'RowExclusiveLock' "
    "and pid <> pg_backend_pid()"
)


@dataclass(frozen=True)
class Mark:
    """The newest entry at a moment, and the transactions that could still add one before it."""

    last: int
    writers: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Seal:
    """One seal, as it is written."""

    id: int
    first: int
    last: int
    entries: int
    hash: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The result of a verification: the number of entries, sealed or not, and a line for each fault."""

    entries: int
    faults: Sequence[str]


@dataclass(frozen=True)
class _End:
    """Where the chain ends, or begins: the number of a seal, its last entry, its hash."""

    seal: int = 0
    last: int = 0
    hash: str = ""


def mark(conn: Connection) -> Mark:
    """Returns the newest entry, and who may still write an older one."""
    last = conn.execute(select(func.max(a.c.id))).scalar() or 0
    return Mark(last, writers(conn))


def writers(conn: Connection) -> frozenset[str]:
    """Returns the transactions that are adding entries now; on SQLite nobody writes beside a reader's snapshot."""
    return frozenset() if conn.dialect.name == "sqlite" else frozenset(conn.execute(_WRITERS).scalars())


def next_seal(conn: Connection, upto: int) -> Seal | None:
    """Returns the next seal of entries up to this id; None if there is nothing to seal. Only reads."""
    end = _end(conn)
    ids = select(a.c.id).where(a.c.id > end.last, a.c.id <= upto).order_by(a.c.id).limit(BATCH)
    found = list(conn.execute(ids).scalars())
    if not found:
        return None
    count, hashed = _digest(conn, end, found[-1])
    return Seal(id=end.seal + 1, first=found[0], last=found[-1], entries=count, hash=hashed)


def write(conn: Connection, seal: Seal) -> None:
    """Adds the seal; raises IntegrityError if another process has added one of its number."""
    values = {"id": seal.id, "at": now(), "first": seal.first, "last": seal.last, "entries": seal.entries}
    conn.execute(insert(s).values(**values, hash=seal.hash))


def cut(conn: Connection, before: datetime) -> int:
    """Removes the oldest sealed batch if all of it is older, and moves the anchor; returns how many entries went.

    The newest batch always stays: the ids of entries go on from it.
    """
    oldest = conn.execute(select(s).order_by(s.c.id).limit(2)).all()
    if len(oldest) < 2:
        return 0
    seal = oldest[0]
    newest = conn.execute(select(func.max(a.c.at)).where(a.c.id <= seal.last)).scalar()
    if newest is None or newest >= before:
        return 0
    upsert(conn, c, {"id": ANCHOR}, {"seal": seal.id, "last": seal.last, "hash": seal.hash, "at": now()})
    gone = conn.execute(delete(a).where(a.c.id <= seal.last)).rowcount
    conn.execute(delete(s).where(s.c.id == seal.id))
    return gone


def verify(conn: Connection) -> Verdict:
    """Compares every entry with its seal, and every seal with the one before."""
    faults = list(_faults(conn))
    return Verdict(entries=conn.execute(select(func.count()).select_from(a)).scalar_one(), faults=faults)


def _faults(conn: Connection) -> Iterator[str]:
    end = _anchor(conn)
    if left := conn.execute(select(func.count()).where(a.c.id <= end.last)).scalar_one():
        yield f"Entries up to {end.last}: {_entries(left)} where all were removed by age."
    for seal in conn.execute(select(s).order_by(s.c.id)).all():
        if seal.id != end.seal + 1:
            yield f"Entries {end.last + 1} to {seal.first - 1}: seals {end.seal + 1} to {seal.id - 1} are missing."
            # Without them nothing says what the hash of this seal was made of, so it is looked at by number only.
            if fault := _of_count(conn, seal, seal.first - 1):
                yield fault
        elif fault := _of_seal(conn, seal, end):
            yield fault
        end = _End(seal.id, seal.last, seal.hash)


def _of_seal(conn: Connection, seal: Row[Any], end: _End) -> str:
    count, hashed = _digest(conn, end, seal.last)
    if (count, hashed) == (seal.entries, seal.hash):
        return ""
    return _of_count(conn, seal, end.last) or f"{_range(seal)} were changed or moved, or their seal was."


def _of_count(conn: Connection, seal: Row[Any], after: int) -> str:
    found = conn.execute(select(func.count()).where(a.c.id > after, a.c.id <= seal.last)).scalar_one()
    if found == seal.entries:
        return ""
    return f"{_range(seal)}: {_entries(found)} where {seal.entries} were sealed."


def _range(seal: Row[Any]) -> str:
    return f"Entries {seal.first} to {seal.last}"


def _entries(number: int) -> str:
    return f"{number} {'is' if number == 1 else 'are'} there"


def _digest(conn: Connection, end: _End, last: int) -> tuple[int, str]:
    """Returns the number of entries after `end` up to `last`, and the hash of their seal."""
    digest, count, after = hashlib.sha256(f"{end.seal + 1}\n{end.hash}\n".encode()), 0, end.last
    while True:
        rows = conn.execute(
            select(*(a.c[name] for name in SEALED)).where(a.c.id > after, a.c.id <= last).order_by(a.c.id).limit(CHUNK)
        ).all()
        for row in rows:
            digest.update(_canonical(row))
        count += len(rows)
        if len(rows) < CHUNK:
            return count, digest.hexdigest()
        after = rows[-1].id


def _canonical(row: Row[Any]) -> bytes:
    values = [value.isoformat() if isinstance(value, datetime) else value for value in row]
    return json.dumps(values, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def _anchor(conn: Connection) -> _End:
    row = conn.execute(select(c).where(c.c.id == ANCHOR)).first()
    return _End(row.seal, row.last, row.hash) if row else _End()


def _end(conn: Connection) -> _End:
    row = conn.execute(select(s).order_by(s.c.id.desc()).limit(1)).first()
    return _End(row.id, row.last, row.hash) if row else _anchor(conn)
