"""The audit trail: who changed what, and when; nothing here is ever changed or removed by the panel."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from webapp.clock import now
from webapp.db import schema
from webapp.ports.people import Person

a, p = schema.audit, schema.person


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """One thing that somebody did; without a name it was done from the command line or by nobody known."""

    id: int
    at: datetime
    who: str
    action: str
    subject: str
    details: str


def record(conn: Connection, person: Person | None, action: str, subject: str = "", details: str = "") -> None:
    """In the same transaction as the change itself: one is never without the other."""
    values = {"at": now(), "person": person.id if person else None, "action": action}
    conn.execute(insert(a).values(**values, subject=subject[:400], details=details))


def listing(conn: Connection, before: int | None = None, limit: int = 100) -> list[AuditEntry]:
    """The newest first; `before` is the id of the last one that was seen."""
    query = select(a, p.c.email).join(p, p.c.id == a.c.person, isouter=True).order_by(a.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(a.c.id < before)
    return [
        AuditEntry(
            id=row.id, at=row.at, who=row.email or "", action=row.action, subject=row.subject, details=row.details
        )
        for row in conn.execute(query)
    ]
