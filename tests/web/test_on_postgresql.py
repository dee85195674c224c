"""The pages on PostgreSQL: the same as on SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres
from tests.factories import make_delivery, make_task
from tests.html import read
from webapp.db.migrate import bring_up_to_date
from webapp.house import House, build
from webapp.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", timezone="Europe/Madrid", database_url=postgres.new_database())


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    built = build(settings)
    bring_up_to_date(built.database)
    built.look_for_changes()
    yield built
    built.close()


def test_the_log_with_the_ends_of_its_lines(signed_in, house, ana):
    with house.write() as conn:
        ids = [make_task(conn, ana, "failed", outcome=f"Reason {number}.") for number in range(3)]
    page = read(signed_in.get("/").text)
    assert {row["id"] for row in page.all("li", class_="row")} == {f"task-{one}" for one in ids}
    assert "Reason 2." in page.one("details", id=f"task-{ids[2]}-more").text


def test_a_start_and_its_last_choice(signed_in, house):
    for key in ("k1", "k2"):
        answer = signed_in.post("/new/notification", data={"message": "Hello", "channels": "log", "key": key})
        assert answer.headers["location"].startswith("/#task-")


def test_the_search_and_the_page_of_a_task(signed_in, house, ana):
    with house.write() as conn:
        task_id = make_task(conn, ana, "done", kind="email", form={"to": [], "subject": "a", "body": "b"})
        make_delivery(conn, task_id, "maria.lopez@example.com")
    assert f"task-{task_id}" in signed_in.get("/tasks?q=LOPEZ").text
    assert "maria.lopez@example.com" in signed_in.get(f"/tasks/{task_id}?q=lopez").text
