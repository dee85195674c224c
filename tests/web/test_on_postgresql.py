"""The pages on PostgreSQL: the same as on SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from tests import postgres
from tests.factories import make_delivery, make_task
from tests.html import read
from tests.kinds.performing import perform
from tests.kinds.test_notification_channels import channel
from tests.notify.targets import Hook
from tests.web.api.test_incoming_webhooks import make as make_hook
from webapp.db import schema
from webapp.db.migrate import bring_up_to_date
from webapp.installation import Installation, build
from webapp.kinds.email.kind import KIND as EMAIL
from webapp.settings import Settings
from webapp.tasks import inbox
from webapp.tasks.cancellation import Control
from webapp.tasks.model import State
from webapp.tasks.running import run
from webapp.web.forms import drafts


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", timezone="Europe/Madrid", database_url=postgres.new_database())


@pytest.fixture
def installation(settings: Settings) -> Iterator[Installation]:
    built = build(settings)
    bring_up_to_date(built.database)
    built.look_for_changes()
    yield built
    built.close()


def test_the_log_with_the_ends_of_its_lines(signed_in, installation, ana):
    with installation.write() as conn:
        ids = [make_task(conn, ana, "failed", outcome=f"Reason {number}.") for number in range(3)]
    page = read(signed_in.get("/").text)
    assert {row["id"] for row in page.all("li", class_="row")} == {f"task-{one}" for one in ids}
    assert "Reason 2." in page.one("details", id=f"task-{ids[2]}-more").text


def test_a_start_and_its_last_choice(signed_in, installation):
    for key in ("k1", "k2"):
        answer = signed_in.post("/new/notification", data={"message": "Hello", "channels": "log", "key": key})
        assert answer.headers["location"].startswith("/#task-")


def test_the_search_and_the_page_of_a_task(signed_in, installation, ana):
    with installation.write() as conn:
        task_id = make_task(conn, ana, "done", kind="email", form={"to": [], "subject": "a", "body": "b"})
        make_delivery(conn, task_id, "maria.lopez@example.com")
    assert f"task-{task_id}" in signed_in.get("/tasks?q=LOPEZ").text
    assert "maria.lopez@example.com" in signed_in.get(f"/tasks/{task_id}?q=lopez").text


def test_a_hook_a_channel_an_inbox_and_the_history(admin, client, installation, root):
    with Hook() as target:
        number = channel(installation, target)
        path = make_hook(admin, channels=[number, "log"], people="everyone", per_minute="2")
        task_id = client.post(path, json={"text": "The backup is done."}).json()["task"]
        run.perform(installation, run.claim(installation, task_id, "test"), Control())
        assert target.count("/hook") == 1
    assert client.post(path, content="x").status_code == 202
    assert client.post(path, content="x").status_code == 429
    assert "backup" in read(admin.get("/inbox").text).one("section", aria_label="Inbox").text
    for asked in ("q=BACKUP", f"channel={number}", f"person={root.id}", "since=2000-01-01&until=2999-01-01"):
        assert "accepted it" in admin.get(f"/notifications?{asked}").text
    assert "accepted it" not in admin.get("/notifications?q=pizza").text
    assert admin.get("/notifications/notifications.csv").text.count("backup") == 3


def test_a_report_of_the_same_file_a_draft_and_the_settings(admin, installation, root):
    file = {"data-file": ("sales.csv", b"Region,Amount\nNorth,1\n", "text/csv")}
    page = read(admin.post("/new/report", data={"key": "k", "intent": "columns"}, files=file).text)
    data = next(one["value"] for one in page.all("input", name="data") if "checked" in one)
    assert admin.post("/new/report", data={"key": "k", "data": data}).status_code == 303
    assert "This is the same file as on" in admin.get(f"/new/report?data={data}").text
    many = {"to": "\n".join(f"p{n}@example.com" for n in range(21)), "subject": "Hello", "body": "Dear you"}
    for key in ("k1", "k2"):
        assert admin.post("/new/email", data={"key": key, **many}).status_code == 303
    with installation.read() as conn:
        assert drafts.find(conn, root, EMAIL, "k1")
    assert "PostgreSQL" in admin.get("/settings").text


def test_the_owner_is_told_in_one_email(installation, ana, monkeypatch):
    monkeypatch.setattr(type(installation), "has_mail_server", property(lambda installation: True))
    with installation.write() as conn:
        inbox.save_preferences(conn, ana.id, "all", ["mail"])
    for _ in range(2):
        perform(installation, ana, "self-test", seconds=0)
    with installation.read() as conn:
        (subject,) = conn.execute(
            select(schema.task.c.form["subject"].as_string()).where(schema.task.c.kind == "email")
        ).scalars()
    assert subject == "2 of your tasks ended"


def test_a_channel_that_had_trouble_is_left_alone(installation, ana):
    with Hook() as target:
        target.on("/hook", status=503, headers={"Retry-After": "60"}, times=1)
        number = channel(installation, target)
        for _ in range(2):
            assert perform(installation, ana, "notification", message="Hi", channels=[number]).state is State.WAITING
        assert target.asked == ["/hook"]
