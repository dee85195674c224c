"""Seals find every change, removal, addition and move of an entry, whatever was changed by SQL."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from tests.factories import make_person
from webapp.audit import chain, trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.clock import now
from webapp.db import schema
from webapp.installation import Installation
from webapp.maintenance import retention
from webapp.maintenance.audit_seals import Sealing

a, s, c = schema.audit, schema.audit_seal, schema.audit_anchor
TRIGGERS = {
    "sqlite": [f"{table}_no_{change}" for table in ("audit", "audit_seal") for change in ("update", "delete")],
    "postgresql": ["audit_no_change", "audit_seal_no_change"],
}
Act = Callable[[Connection], object]


def add(installation: Installation, number: int) -> None:
    with installation.write() as conn:
        for one in range(number):
            trail.record(conn, AuditAction.ADD, Target(TargetKind.LIST, one, f"List {one}"), "ñ ✓")


def seal(installation: Installation) -> int:
    return Sealing(installation).step()


def faults(installation: Installation) -> list[str]:
    with installation.read() as conn:
        return list(chain.verify(conn).faults)


def tamper(installation: Installation, act: Act) -> None:
    """Does it as the owner of the database can: without the triggers."""
    with installation.write() as conn:
        for name in TRIGGERS[conn.dialect.name]:
            table = name.partition("_no_")[0]
            conn.execute(text(f"drop trigger {name}" + ("" if conn.dialect.name == "sqlite" else f" on {table}")))
        act(conn)


@pytest.fixture
def sealed(either: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Twelve entries under three seals, and one that is not sealed yet."""
    monkeypatch.setattr(chain, "BATCH", 4)
    add(either, 12)
    assert seal(either) == 12
    add(either, 1)
    return either


def _swap(conn: Connection) -> None:
    for old, new in ((6, 1000), (7, 6), (1000, 7)):
        conn.execute(update(a).where(a.c.id == old).values(id=new))


def _insert(conn: Connection) -> None:
    conn.execute(delete(a).where(a.c.id == 6))
    conn.execute(insert(a).values(id=6, at=now(), action="add"))


CHANGES: dict[str, Act] = {
    **{
        f"changed {name}": lambda conn, name=name: conn.execute(update(a).where(a.c.id == 6).values({name: "x"}))
        for name in ("actor", "action", "kind", "target", "subject", "details", "network", "session")
    },
    "changed time": lambda conn: conn.execute(update(a).where(a.c.id == 6).values(at=now())),
    "changed owner": lambda conn: conn.execute(update(a).where(a.c.id == 6).values(owner=5)),
    "deleted": lambda conn: conn.execute(delete(a).where(a.c.id == 6)),
    "deleted the first": lambda conn: conn.execute(delete(a).where(a.c.id == 5)),
    "deleted the last": lambda conn: conn.execute(delete(a).where(a.c.id == 8)),
    "exchanged": _insert,
    "moved": _swap,
    "changed the seal": lambda conn: conn.execute(update(s).where(s.c.id == 2).values(hash="0" * 64)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_a_sealed_entry_is_found(sealed: Installation, change: str):
    assert faults(sealed) == []
    tamper(sealed, CHANGES[change])
    found = faults(sealed)
    assert found
    assert found[0].startswith("Entries 5 to 8")


def test_an_entry_that_was_added_between_is_found(sealed: Installation):
    tamper(sealed, lambda conn: conn.execute(update(a).where(a.c.id == 13).values(id=-1)))
    assert faults(sealed) == ["Entries up to 0: 1 is there where all were removed by age."]


def test_a_seal_that_was_removed_with_its_entries_is_found(sealed: Installation):
    def act(conn: Connection) -> None:
        conn.execute(delete(a).where(a.c.id.between(5, 8)))
        conn.execute(delete(s).where(s.c.id == 2))

    tamper(sealed, act)
    assert faults(sealed) == ["Entries 5 to 8: seals 2 to 2 are missing."]


def test_the_first_batch_cannot_vanish_without_an_anchor(sealed: Installation):
    def act(conn: Connection) -> None:
        conn.execute(delete(a).where(a.c.id <= 4))
        conn.execute(delete(s).where(s.c.id == 1))

    tamper(sealed, act)
    assert faults(sealed) == ["Entries 1 to 4: seals 1 to 1 are missing."]


@pytest.mark.parametrize(
    "change",
    [
        update(a).values(subject="x"),
        delete(a).where(a.c.id == 2),
        delete(a),
        update(s).values(hash="x"),
        delete(s).where(s.c.id == 3),
    ],
    ids=str,
)
def test_the_database_refuses_every_change(sealed: Installation, change):
    with pytest.raises(DBAPIError, match="append-only"), sealed.write() as conn:
        conn.execute(change)
    assert faults(sealed) == []


def test_retention_cuts_whole_batches_and_the_chain_goes_on(either: Installation, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(chain, "BATCH", 4)
    for days in (800, 600, 500, 1):
        monkeypatch.setattr(trail, "now", lambda days=days: now() - timedelta(days=days))
        add(either, 3)
    assert seal(either) == 12
    retention.clean(either)
    with either.read() as conn:
        assert conn.execute(select(func.count()).select_from(a)).scalar_one() == 4
        assert conn.execute(select(c.c.seal, c.c.last)).one() == (2, 8)
        assert chain.verify(conn) == chain.Verdict(entries=4, faults=[])
    add(either, 3)
    assert seal(either) == 3
    assert faults(either) == []
    retention.clean(either)
    assert faults(either) == []


def test_the_newest_batch_stays_however_old(either: Installation, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(trail, "now", lambda: now() - timedelta(days=900))
    add(either, 3)
    seal(either)
    retention.clean(either)
    with either.read() as conn:
        assert chain.verify(conn) == chain.Verdict(entries=3, faults=[])


def test_an_entry_in_flight_is_not_skipped(either: Installation):
    """On PostgreSQL a transaction may commit an entry with a smaller id than one that can be seen already."""
    if either.database.is_sqlite:
        pytest.skip("SQLite has one writer")
    sealing = Sealing(either)
    with either.write() as slow:
        trail.record(slow, AuditAction.ADD)
        add(either, 1)
        assert sealing.step() == 0
    assert sealing.step() == 2
    assert faults(either) == []


def test_two_machines_seal_once(either: Installation, monkeypatch: pytest.MonkeyPatch):
    add(either, 3)
    with either.read() as conn:
        mine = chain.next_seal(conn, 3)
    assert mine
    assert seal(either) == 3
    monkeypatch.setattr(chain, "next_seal", lambda conn, upto: mine)
    assert seal(either) == 0
    assert faults(either) == []


def test_entries_of_earlier_versions_are_sealed_and_readable(either: Installation):
    with either.write() as conn:
        ana = make_person(conn, either.settings)
        conn.execute(insert(a).values(at=now(), person=ana.id, action="made a token", subject="Shop"))
        conn.execute(insert(a).values(at=now(), action="disabled", subject="ben@example.com"))
    assert seal(either) == 2
    assert faults(either) == []
    with either.read() as conn:
        found = [(entry.who, entry.action, entry.subject) for entry in trail.listing(conn)]
    assert found == [("command line", "disabled", "ben@example.com"), ("ana@example.com", "made a token", "Shop")]
