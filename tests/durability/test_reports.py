"""Reports that are cancelled, killed, too large or too slow: over at once, in plain words, and no file is ever half."""

import hashlib
import random
import sqlite3
import time
from pathlib import Path

import psutil
import pytest

from tests.serving import ENDED, Serving, start_task, task, wait_ended
from tests.waiting import until
from webapp.connections import databases, saved_queries
from webapp.connections.saved_queries import SavedQueryRecord
from webapp.installation import build
from webapp.ports.tables import Column
from webapp.settings import Settings

ROWS = 400_000
# Sorted by text, so that most of the time is spent inside Arrow, where no look at progress is.
LONG = {"sort": ["Remark", "Salesperson"], "format": "xlsx"}


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("long") / "long.csv"
    with path.open("w") as out:
        out.write("Order,Salesperson,Amount,Remark\n")
        out.writelines(
            f"{n},Person {n * 7919 % 9973},{n % 977}.25,remark {n * 104729 % 1000003}\n" for n in range(ROWS)
        )
    return path


def upload(client, path: Path) -> str:
    with path.open("rb") as file:
        return client.post("/api/v1/uploads", files={"file": (path.name, file)}, timeout=120).json()["id"]


def report_children(serving: Serving) -> list[psutil.Process]:
    """Children of the fork server that are nice and busy: the slot of reports has one while it makes one."""
    return [process for process in serving.tree() if process.is_running() and process.nice() == 10]


def whole(client, task_id: int) -> None:
    """Every file that is listed is there, with its checksum."""
    for file in task(client, task_id)["files"]:
        content = client.get(f"/api/v1/tasks/{task_id}/files/{file['id']}").content
        assert hashlib.sha256(content).hexdigest() == file["sha256"]


@pytest.mark.parametrize("pause", [0.3, 1.0, 2.0])
def test_cancel_ends_a_report_wherever_it_is(serving: Serving, table: Path, pause: float):
    client = serving.client()
    started = start_task(client, "report", {"data": upload(client, table), **LONG})
    until(lambda: task(client, started)["state"] == "running", 20)
    time.sleep(pause)  # somewhere in the middle of it, which is what this is about
    if task(client, started)["state"] == "running":
        assert client.post(f"/api/v1/tasks/{started}/cancel").status_code == 200
        until(lambda: task(client, started)["state"] in ENDED, 5)
        until(lambda: not report_children(serving), 5)
    ended = wait_ended(client, started)
    assert len(ended["files"]) == (ended["state"] == "done")  # it may have been quicker


def test_a_report_past_its_memory_fails_in_plain_words_and_takes_nothing_else_down(tmp_path: Path, table: Path):
    serving = Serving(tmp_path, OUTTRAY_REPORT_MEMORY_MB="256").start()
    try:
        client = serving.client()
        large = start_task(client, "report", {"data": upload(client, table), **LONG, "sort": ["Remark"]})
        small = start_task(client, "self-test", {"seconds": 0.1})
        failed = wait_ended(client, large, 90)
        assert failed["state"] == "failed"
        assert "needs more memory than a report may use (256 MB)" in failed["outcome"]
        assert failed["files"] == []
        assert wait_ended(client, small)["state"] == "done"
        assert wait_ended(client, start_task(client, "report", {"data": "people"}))["state"] == "done"
    finally:
        serving.stop()


def endless_query(serving: Serving, folder: Path) -> str:
    """A saved query that never ends by itself."""
    path = folder / "shop.db"
    sqlite3.connect(path).close()
    installation = build(Settings(data_dir=serving.data))
    text = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) as n from n"
    with installation.write() as conn:
        values = databases.read_entry(
            name="Shop", url=f"sqlite:///{path}", seconds="300", data_dir=installation.data_dir, is_new=True
        )
        source = databases.save(conn, installation.secrets, 0, values)
        query = saved_queries.save(
            conn,
            SavedQueryRecord(
                source=source, name="Endless", text=text, columns=(Column("n", "integer"),), everyone=True
            ),
        )
    installation.close()
    return f"q-{query}"


def test_a_report_past_its_time_is_stopped_in_plain_words(tmp_path: Path):
    serving = Serving(tmp_path, OUTTRAY_REPORT_SECONDS="10").start()
    try:
        client = serving.client()
        ended = wait_ended(client, start_task(client, "report", {"data": endless_query(serving, tmp_path)}), 60)
        assert (ended["state"], ended["files"]) == ("failed", [])
        assert ended["outcome"].startswith("It took longer than 10 seconds, the limit for a report")
        until(lambda: not report_children(serving), 5)
    finally:
        serving.stop()


def test_cancel_ends_a_query_that_never_ends(serving: Serving, tmp_path: Path):
    client = serving.client()
    started = start_task(client, "report", {"data": endless_query(serving, tmp_path)})
    until(lambda: task(client, started)["progress"]["words"] == "asking the database", 20)
    client.post(f"/api/v1/tasks/{started}/cancel")
    until(lambda: task(client, started)["state"] == "cancelled", 5)
    until(lambda: not report_children(serving), 5)


def test_a_report_that_is_killed_leaves_a_whole_file_or_none(serving: Serving, table: Path):
    client = serving.client()
    data = upload(client, table)
    ids = [start_task(client, "report", {"data": data, "format": kind}) for kind in ("csv", "parquet", "xlsx", "jsonl")]
    for _ in range(4):
        time.sleep(random.uniform(0.2, 1.2))
        for process in report_children(serving):
            process.kill()
    for task_id in ids:
        ended = wait_ended(client, task_id, 120)
        assert ended["state"] in ("done", "failed")
        assert len(ended["files"]) == (ended["state"] == "done")
        whole(client, task_id)
    stored = [path for path in (serving.data / "files").iterdir() if path.is_file()]
    known = {file["sha256"] for task_id in ids for file in task(client, task_id)["files"]}
    assert known <= {hashlib.sha256(path.read_bytes()).hexdigest() for path in stored}
