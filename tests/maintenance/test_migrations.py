"""Migrations keep the data that is there, on both databases."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, Table, insert, inspect, select
from sqlalchemy.exc import IntegrityError

from tests import postgres
from webapp.clock import now
from webapp.connections import suppressions
from webapp.db import schema
from webapp.db.migrate import bring_up_to_date, is_up_to_date
from webapp.installation import Installation, build
from webapp.settings import Settings
from webapp.tasks import queries
from webapp.tasks.cancellation import StopRequest
from webapp.tasks.holds import HoldReason
from webapp.tasks.model import State, Task


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    """An installation whose database has no table yet."""
    url = postgres.new_database() if request.param == "postgresql" else ""
    built = build(Settings(data_dir=tmp_path / "data", database_url=url))
    yield built
    built.close()


def add(installation: Installation, table_name: str, **values: Any) -> Any:
    """Writes one row into a table as it is at this revision; returns its key."""
    with installation.write() as conn:
        table = Table(table_name, MetaData(), autoload_with=conn)
        for column in table.c:
            if type(column.type).__name__ in ("DATETIME", "TIMESTAMP"):
                column.type = schema.task.c.created.type
        return conn.execute(insert(table).values(**values)).inserted_primary_key[0]


def task(installation: Installation, owner: int, state: str, **values: Any) -> int:
    plain = {
        "kind": "email", "title": "News", "form": {}, "form_version": 1, "queue": "mail", "not_before": now(),
        "created": now(),
    }  # fmt: skip
    number: int = add(installation, "task", owner=owner, state=state, **plain, **values)
    return number


def tasks(installation: Installation) -> list[Task]:
    with installation.read() as conn:
        return sorted(queries.recent(conn, queries.View(None)), key=lambda one: one.id)


def test_every_renamed_column_and_table_keeps_its_data(empty: Installation):
    bring_up_to_date(empty.database, "0005")
    moment = now()
    ana = add(empty, "person", email="ana@x", name="Ana", role="staff", password="x", created=moment)
    asked = {"asked": "cancel", "asked_by": "Ana", "asked_at": moment}
    running = task(empty, ana, "running", deaths=2, refused=24, tries=3, **asked)
    failed = task(empty, ana, "failed", dealt_with=moment)
    held = task(empty, ana, "held", held_why="paused", asked_by="Ben")
    add(empty, "delivery", task=failed, position=0, to="x", data={}, state="skipped", why="duplicate", updated=moment)
    add(empty, "delivery", task=failed, position=1, to="y", data={}, state="sent", updated=moment)
    add(empty, "never", key="zoe@x", address="Zoe@x", source="added", task=failed, person=ana, at=moment)

    bring_up_to_date(empty.database)

    assert is_up_to_date(empty.database)
    first, second, third = tasks(empty)
    assert [first.id, second.id, third.id] == [running, failed, held]
    assert (first.consecutive_failures, first.requested, first.requested_by) == (24, StopRequest.CANCEL, "Ana")
    assert (second.acknowledged_at, dict(second.counts)) == (moment, {"duplicate": 1, "sent": 1})
    assert (third.state, third.hold_reason, third.requested_by) == (State.HELD, HoldReason.PAUSED, "Ben")
    t = schema.task
    with empty.read() as conn:
        row = conn.execute(select(t.c.crash_count, t.c.retries, t.c.requested_at).where(t.c.id == running)).one()
        assert tuple(row) == (2, 3, moment)
        (zoe,) = suppressions.listing(conn)
        person = conn.execute(select(schema.suppression.c.person)).scalar_one()
    assert (zoe.key, zoe.address, zoe.source, zoe.task, zoe.at, person) == (
        "zoe@x", "Zoe@x", "added", failed, moment, ana,
    )  # fmt: skip


@pytest.mark.parametrize("first", ["head", "0005"])
def test_the_tables_are_those_of_the_code_however_the_database_came_there(empty: Installation, first: str):
    bring_up_to_date(empty.database, first)
    bring_up_to_date(empty.database)
    with empty.read() as conn:
        known = inspect(conn)
        assert {*known.get_table_names()} - {"alembic_version"} == {*schema.metadata.tables}
        for table in schema.metadata.sorted_tables:
            names = [column["name"] for column in known.get_columns(table.name)]
            assert sorted(names) == sorted(table.c.keys()), table.name
        assert known.get_pk_constraint("suppression")["constrained_columns"] == ["key"]
        (person,) = known.get_foreign_keys("suppression")
    assert (person["referred_table"], person["constrained_columns"]) == ("person", ["person"])


def test_tables_that_give_no_id_twice_keep_their_rows_and_pass_over_ids_that_were_given(empty: Installation):
    bring_up_to_date(empty.database, "0008")
    moment = now()
    ana = add(empty, "person", email="ana@x", name="Ana", role="staff", password="x", created=moment)
    add(empty, "token", person=ana, name="shop", hash="a" * 64, created=moment)
    shop = add(empty, "source", name="Shop", url="sealed", shown="x", seconds=5, created=moment)
    add(empty, "query", source=shop, name="All", text="select 1", parameters=[], columns=[], everyone=True, people=[],
        updated=moment)  # fmt: skip
    add(empty, "inbox", person=ana, key="k", title="t", text="x", priority="low", is_own=True, desktop=False,
        created=moment)  # fmt: skip

    bring_up_to_date(empty.database)

    with empty.write() as conn:
        for table in (schema.person, schema.token, schema.source, schema.query, schema.inbox):
            assert len(conn.execute(select(table)).all()) == 1, table.name
        names = {one["name"] for one in inspect(conn).get_indexes("inbox")}
        assert "ix_inbox_person_read" in names
        values = {"person": ana, "name": "next", "hash": "b" * 64, "created": moment}
        fresh = conn.execute(insert(schema.token).values(values).returning(schema.token.c.id)).scalar_one()
    assert fresh > (100 if empty.database.is_sqlite else 1)
    with pytest.raises(IntegrityError), empty.write() as conn:
        conn.execute(insert(schema.token).values(values | {"person": 99, "hash": "c" * 64}))
