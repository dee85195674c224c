"""Writes and reads the audit trail. Entries are only ever added; retention alone removes old ones (see chain.py)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, insert, or_, select

from webapp.audit import origin
from webapp.audit.actions import AuditAction, Target, TargetKind, action_text, kind_text
from webapp.clock import now
from webapp.db import schema
from webapp.db.search import contains

LONGEST_SUBJECT = 400
LONGEST_TARGET = 64
LONGEST_DETAILS = 20_000
LONGEST_VALUE = 500  # characters of one old or new value
MASK = "•••"
EMPTY: Sequence[Any] = (None, "", (), [], {})
NOTHING = Target()

a, p = schema.audit, schema.person
_owner = p.alias("owner")
_INSERT = insert(a)


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """One entry, as people read it; `target_owner` is the address of the owner where it is not the one who acted."""

    id: int
    at: datetime
    who: str
    action: str
    kind: str
    target: str
    number: str  # the same, where people know the thing by it
    subject: str
    target_owner: str
    details: str
    network: str
    session: str


@dataclass(frozen=True, kw_only=True)
class Criteria:
    """What to look for; everything is optional."""

    search: str = ""
    person: int | None = None
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None


def record(conn: Connection, action: AuditAction, target: Target = NOTHING, details: str = "") -> None:
    """Adds an entry, in the transaction of the change itself: one is never without the other."""
    who = origin.current()
    conn.execute(
        _INSERT,
        {
            "at": now(),
            "person": who.person,
            "actor": who.actor,
            "action": action,
            "kind": target.kind,
            "target": str(target.id)[:LONGEST_TARGET],
            "subject": target.text[:LONGEST_SUBJECT],
            "owner": target.owner if target.owner != who.person else None,
            "details": details[:LONGEST_DETAILS],
            "network": who.network,
            "session": who.session,
        },
    )


def record_once(conn: Connection, action: AuditAction, target: Target, details: str, every: timedelta) -> None:
    """Adds an entry unless the same came from the same person and address within `every`."""
    if not was_recorded(conn, action, target, details, every):
        record(conn, action, target, details)


def was_recorded(conn: Connection, action: AuditAction, target: Target, details: str, every: timedelta) -> bool:
    """Returns True if this person or, signed out, this address has the same entry within that time."""
    who = origin.current()
    same = (
        a.c.action == action,
        a.c.at > now() - every,
        a.c.person == who.person if who.person else a.c.person.is_(None),
        a.c.network == who.network,
        a.c.target == str(target.id)[:LONGEST_TARGET],
        a.c.details == details,
    )
    return conn.execute(select(a.c.id).where(*same).limit(1)).first() is not None


def changes(before: Mapping[str, Any], after: Mapping[str, Any], secrets: frozenset[str] = frozenset()) -> str:
    """Returns the values that differ, old and new, a line each; those of `secrets` are masked."""
    lines = []
    for name in [*before, *(name for name in after if name not in before)]:
        old, new = before.get(name), after.get(name)
        if old != new and not (old in EMPTY and new in EMPTY):
            shown = [_value(one, is_secret=name in secrets) for one in (old, new)]
            lines.append(f"{name}: {shown[1] if old in EMPTY else ' → '.join(shown)}")
    return "\n".join(lines)


def listing(
    conn: Connection, criteria: Criteria | None = None, *, before: int | None = None, limit: int = 100
) -> list[AuditEntry]:
    """Returns the entries that match, newest first; `before` is the id of the last one that was seen."""
    query = _matching(criteria or Criteria()).order_by(a.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(a.c.id < before)
    return [_entry(row._mapping) for row in conn.execute(query)]


def _matching(criteria: Criteria) -> Select[Any]:
    query = (
        select(a, p.c.email.label("email"), _owner.c.email.label("owner_email"))
        .join(p, p.c.id == a.c.person, isouter=True)
        .join(_owner, _owner.c.id == a.c.owner, isouter=True)
    )
    if criteria.search:
        columns = (a.c.subject, a.c.details, a.c.actor, a.c.network, p.c.email, _owner.c.email)
        query = query.where(or_(*(contains(column, criteria.search) for column in columns)))
    if criteria.person:
        query = query.where(or_(a.c.person == criteria.person, a.c.owner == criteria.person))
    if criteria.action:
        query = query.where(a.c.action.in_((criteria.action, action_text(criteria.action))))
    if criteria.since:
        query = query.where(a.c.at >= criteria.since)
    if criteria.until:
        query = query.where(a.c.at < criteria.until)
    return query


def _entry(row: Mapping[Any, Any]) -> AuditEntry:
    return AuditEntry(
        id=row["id"],
        at=row["at"],
        who=row["actor"] or row["email"] or "command line",  # an entry of an earlier version has no actor
        action=action_text(row["action"]),
        kind=kind_text(row["kind"]),
        target=row["target"],
        number=row["target"] if row["kind"] in _NUMBERED else "",
        subject=row["subject"],
        target_owner=row["owner_email"] or "",
        details=row["details"],
        network=row["network"],
        session=row["session"],
    )


_NUMBERED = {TargetKind.TASK, TargetKind.RECIPIENTS}  # kinds whose id people know


def _value(value: Any, *, is_secret: bool) -> str:
    if value in EMPTY:
        return "nothing"
    text = MASK if is_secret else str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
