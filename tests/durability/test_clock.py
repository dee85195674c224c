"""The clock is set while the panel runs, or while it is off: nothing stands still, and nothing is deleted for it."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from tests.durability.soak import DATABASES
from tests.notify.targets import Hook
from tests.postgres import new_database
from tests.servers import MailServer
from tests.serving import ENDED, PASSWORD, Serving, everything, start_task, task, wait_ended
from tests.waiting import until
from webapp import clock
from webapp.accounts import links
from webapp.connections import channels
from webapp.connections.channels import ChannelRecord
from webapp.db import schema
from webapp.engine.local import CHECK_EVERY
from webapp.installation import Installation, build
from webapp.settings import Settings

HOUR, DAY = 3_600, 86_400
RUN = [f"person{n}@example.com" for n in range(40)]


class Panel(Serving):
    """A serving panel whose clock can be set."""

    def __init__(self, home: Path, mail: MailServer, **env: str) -> None:
        self.offset = home / "offset"
        self.set_clock(0)
        super().__init__(
            home,
            OUTTRAY_SMTP_URL=mail.url + "?rate=8&connections=2",
            OUTTRAY_MAIL_FROM="office@example.com",
            OUTTRAY_RETRY_SECONDS="4,4,4,4",
            OUTTRAY_UNDO_SECONDS="5",
            **{clock.OFFSET_FILE: str(self.offset)},
            **env,
        )

    def set_clock(self, seconds: float) -> None:
        """So far ahead of this machine's clock, in every process of the panel at once."""
        fresh = self.offset.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.replace(self.offset)

    @contextlib.contextmanager
    def opened(self) -> Iterator[Installation]:
        installation = build(Settings(data_dir=self.data, database_url=self.env.get("OUTTRAY_DATABASE_URL", "")))
        yield installation
        installation.close()

    def count(self, table: str) -> int:
        with self.opened() as installation, installation.read() as conn:
            return conn.execute(select(func.count()).select_from(schema.metadata.tables[table])).scalar_one()

    def browser(self, password: str = PASSWORD) -> httpx.Client:
        """A browser that has tried to sign in."""
        client = httpx.Client(base_url=self.url, headers={"Origin": self.url}, timeout=30)
        client.post("/login", data={"email": "root@example.com", "password": password})
        return client


@pytest.fixture
def panels(tmp_path: Path, mail: MailServer) -> Iterator[Callable[..., Panel]]:
    made: list[Panel] = []

    def make(database: str = "sqlite", **env: str) -> Panel:
        home = tmp_path / str(len(made))
        home.mkdir()
        if database == "postgresql":
            env["OUTTRAY_DATABASE_URL"] = new_database()
        panel = Panel(home, mail, **env)
        if database == "postgresql":
            panel.command("migrate")
        made.append(panel)
        return panel.start()

    yield make
    for panel in made:
        panel.stop()


def is_signed_in(browser: httpx.Client) -> bool:
    return browser.get("/account").status_code == 200


@pytest.mark.parametrize("database", DATABASES)
def test_nothing_stands_still_after_the_clock_was_set_back_by_an_hour(
    panels: Callable[..., Panel], mail: MailServer, database: str
):
    panel = panels(database)
    client = panel.client()
    with Hook() as hook:
        channel = connect(panel, hook.url("/0"))
        hook.on("/0", status=429, headers={"Retry-After": "5"}, times=1)
        mail.on("rcpt", "later@example.com", say="451 4.3.0 Later", times=1)
        begun = {
            "undo": start_task(client, "email", {"to": "undo@example.com", "subject": "S", "body": "B"}, undo=True),
            "later": start_task(client, "email", {"to": "later@example.com", "subject": "S", "body": "B"}),
            "rest": start_task(client, "notification", {"message": "rests", "channels": [channel]}),
            "run": start_task(client, "email", {"to": RUN, "subject": "S", "body": "B"}),
            "next": start_task(client, "email", {"to": RUN, "subject": "second run", "body": "B"}),
            "long": start_task(client, "self-test", {"seconds": 3}),
            "behind": start_task(client, "self-test", {"seconds": 0}),
        }
        chosen_time = (datetime.now(UTC) + timedelta(minutes=30)).isoformat()
        chosen = start_task(client, "self-test", {"seconds": 0}, not_before=chosen_time)
        browser = panel.browser()
        panel.browser("wrong")
        with panel.opened() as installation, installation.write() as conn:
            invite = links.new_invite(conn, 1).secret
        until(lambda: "/0" in hook.asked and mail.counts()["person0@example.com"])
        until(lambda: next_try(client, begun["later"]))
        assert task(client, begun["undo"])["state"] == "waiting"

        panel.set_clock(-HOUR)

        behind = start_task(client, "notification", {"message": "after", "channels": ["log", channel]})
        for name, task_id in {**begun, "after": behind}.items():
            assert wait_ended(client, task_id, 60)["state"] == "done", name
        assert sorted(body["message"] for _, body in hook.got) == ["after", "rests"]
        assert set(mail.counts().values()) == {1, 2}
        assert task(client, chosen)["state"] == "waiting"
        assert is_signed_in(browser)
        assert is_signed_in(until(lambda: found if is_signed_in(found := panel.browser()) else None))
        assert client.get(f"/invite/{invite}").status_code == 200
        assert "The clock was set back by 1:00:00" in panel.log.read_text()


def connect(panel: Panel, url: str) -> str:
    """A channel to this address; returns its id."""
    record = ChannelRecord(name="Hook", service="JSON", internal=True)
    with panel.opened() as installation, installation.write() as conn:
        return str(channels.save(conn, installation.secrets, record, url))


def next_try(client: httpx.Client, task_id: int) -> str | None:
    found = everything(client, f"/api/v1/tasks/{task_id}/deliveries")
    return found[0]["next_try"] if found else None


@pytest.mark.parametrize("database", DATABASES)
def test_a_task_becomes_due_on_a_quiet_panel_when_the_clock_goes_ahead(panels: Callable[..., Panel], database: str):
    panel = panels(database)
    client = panel.client()
    moment = (datetime.now(UTC) + timedelta(minutes=50)).isoformat()
    waiting = [
        start_task(client, kind, form, not_before=moment)
        for kind, form in (
            ("self-test", {"seconds": 0}),
            ("notification", {"message": "M", "channels": ["log"]}),
            ("email", {"to": RUN[:2], "subject": "S", "body": "B"}),
            ("report", {"data": "sales", "format": "csv"}),
        )
    ]
    let_slots_settle()
    panel.set_clock(HOUR)
    with panel.opened() as installation:  # the panel itself is left alone meanwhile
        until(lambda: all_ended(installation, waiting), 40)


def let_slots_settle() -> None:
    """Until every slot has heard of the last commit and waits again, which nothing outside of it shows."""
    time.sleep(4 * CHECK_EVERY)


def all_ended(installation: Installation, ids: list[int]) -> bool:
    with installation.read() as conn:
        states = conn.execute(select(schema.task.c.state).where(schema.task.c.id.in_(ids))).scalars()
        return {*states} <= ENDED


def test_a_task_becomes_due_while_a_laptop_sleeps(panels: Callable[..., Panel]):
    panel = panels()
    client = panel.client()
    moment = (datetime.now(UTC) + timedelta(minutes=50)).isoformat()
    waiting = start_task(client, "self-test", {"seconds": 0}, not_before=moment)
    let_slots_settle()
    asleep = panel.tree()
    for process in asleep:
        process.send_signal(signal.SIGSTOP)
    panel.set_clock(HOUR)
    for process in asleep:
        process.send_signal(signal.SIGCONT)
    with panel.opened() as installation:
        until(lambda: all_ended(installation, [waiting]), 20)


def test_what_waits_goes_on_when_the_clock_was_set_back_while_the_panel_was_off(
    panels: Callable[..., Panel], mail: MailServer
):
    panel = panels()
    client = panel.client()
    mail.on("rcpt", "later@example.com", say="451 4.3.0 Later", times=1)
    later = start_task(client, "email", {"to": "later@example.com", "subject": "S", "body": "B"})
    until(lambda: next_try(client, later))
    panel.stop()
    panel.set_clock(-HOUR)
    panel.start()
    assert wait_ended(client, later, 30)["state"] == "done"


def test_sending_goes_on_when_the_clock_jumps_to_and_fro(panels: Callable[..., Panel], mail: MailServer):
    panel = panels()
    client = panel.client()
    run = start_task(client, "email", {"to": RUN, "subject": "S", "body": "B"})
    for step, seconds in enumerate((HOUR, -HOUR, 0, -DAY, HOUR), start=1):
        until(lambda step=step: len(mail.messages) > step * 5)
        panel.set_clock(seconds)
    assert wait_ended(client, run, 60)["state"] == "done"
    assert set(mail.counts().values()) == {1}


def test_a_start_with_the_clock_400_days_ahead_deletes_nothing_and_warns(panels: Callable[..., Panel]):
    panel = panels()
    client = panel.client()
    report = wait_ended(client, start_task(client, "report", {"data": "sales", "format": "csv"}))
    upload = client.post("/api/v1/uploads", files={"file": ("a.csv", b"Name\nAna\n")}).json()["id"]
    browser = panel.browser()
    rows = {name: panel.count(name) for name in ("task", "delivery", "file", "upload", "session", "task_line")}
    panel.stop()

    panel.set_clock(400 * DAY)
    panel.start()
    until(lambda: "Nothing old is deleted" in panel.log.read_text())
    wait_ended(client, start_task(client, "self-test", {"seconds": 0}))  # a new row proves nothing: same wrong clock
    assert all(panel.count(name) >= number for name, number in rows.items())
    assert "Nothing old is deleted" in health(panel)
    assert "Nothing old is deleted" in check(panel)
    panel.stop()

    panel.set_clock(0)
    panel.start()
    assert panel.count("file") == rows["file"]
    path = f"/api/v1/tasks/{report['id']}/files/{report['files'][0]['id']}"
    assert client.get(path).status_code == 200
    report = {"data": upload, "format": "csv"}
    assert wait_ended(client, start_task(client, "report", report))["state"] == "done"
    assert is_signed_in(browser)
    assert "Nothing old is deleted" not in health(panel) + check(panel)


def health(panel: Panel) -> str:
    return panel.browser().get("/settings").text


def check(panel: Panel) -> str:
    command = [sys.executable, "-m", "webapp", "check"]
    return subprocess.run(command, env=panel.env, capture_output=True, text=True, timeout=60).stdout
