"""Outtray's own infrastructure fails and comes back: none lost, none stuck 30 s later, none twice, texts true."""

import contextlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import httpx
import pytest

from tests import postgres
from tests.durability import faults, soak
from tests.servers import MailServer
from tests.serving import ENDED, Serving, everything, start_task, task
from tests.waiting import until

OUTAGES = [float(one) for one in os.environ.get("OUTTRAY_SOAK_OUTAGES", "1,6,30").split(",")]  # seconds, long storms
SHORT = 1.0  # seconds that a fault of the short storm lasts
PEOPLE = [f"person{n}@example.com" for n in range(300)]
STUCK_AFTER = 30.0  # seconds after the last fault
STOP_SECONDS = 10.0

Fault = Callable[["Panel"], AbstractContextManager[None]]


class Panel:
    """A serving panel, its mail server, and the link to its database if that is PostgreSQL."""

    def __init__(self, serving: Serving, mail: MailServer, link: faults.DatabaseLink | None, direct: str) -> None:
        self.serving, self.mail, self.link, self.direct = serving, mail, link, direct
        self.client = serving.client()

    def start_run(self) -> int:
        """Starts a run of emails that is under way when this returns."""
        run = start_task(self.client, "email", {"to": PEOPLE, "subject": "Hello", "body": "Hi"}, key="run")
        until(lambda: task(self.client, run)["progress"]["done"] > 5)
        return run

    def start_more(self, name: str) -> list[int]:
        """Starts two self-tests, of which one is under way when a fault begins, and a notification."""
        note = {"to": ["ana@example.com"], "channels": ["log"], "message": f"hello from {name};"}
        tests = [start_task(self.client, "self-test", {"seconds": 0.5}, key=f"{name} {n}") for n in range(2)]
        return [*tests, start_task(self.client, "notification", note, key=name)]


@contextlib.contextmanager
def _cut(panel: Panel) -> Iterator[None]:
    panel.link.cut()
    yield


@contextlib.contextmanager
def _run_dir_gone(panel: Panel) -> Iterator[None]:
    for path in sorted((panel.serving.data / "run").rglob("*"), reverse=True):
        path.unlink() if not path.is_dir() else path.rmdir()
    (panel.serving.data / "run").rmdir()
    yield


@contextlib.contextmanager
def _frozen_slots(panel: Panel) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for role in ("mail", "quick"):
            for process in panel.serving.workers(role):
                stack.enter_context(faults.frozen(process))
        yield


@contextlib.contextmanager
def _clock(panel: Panel, seconds: float) -> Iterator[None]:
    offset = panel.serving.data.parent / "clock"
    offset.write_text(str(seconds))
    yield
    offset.write_text("0")


FAULTS: dict[str, Fault] = {
    "postgresql away": lambda panel: panel.link.away(),
    "postgresql cut": _cut,
    "postgresql table locked": lambda panel: faults.locked_postgres(panel.direct),
    "sqlite locked": lambda panel: faults.locked_sqlite(panel.serving.data / "outtray.db"),
    "sqlite disk full": lambda panel: faults.full_disk(panel.serving.data),
    "sqlite run/ gone": _run_dir_gone,
    "sqlite slots frozen": _frozen_slots,
    "sqlite clock forward": lambda panel: _clock(panel, 3600),
    "sqlite clock back": lambda panel: _clock(panel, -3600),
    "postgresql slots frozen": _frozen_slots,
}


@pytest.fixture
def panel(request, tmp_path, mail: MailServer) -> Iterator[Panel]:
    mail.pause = 0.02
    env = {"OUTTRAY_SMTP_URL": mail.url, "OUTTRAY_MAIL_FROM": "office@example.com"}
    env |= {"OUTTRAY_TEST_CLOCK_OFFSET_FILE": str(tmp_path / "clock")}
    with contextlib.ExitStack() as stack:
        link, direct = None, ""
        if request.param.startswith("postgresql"):
            direct = postgres.new_database()
            link = faults.DatabaseLink(direct)
            stack.callback(link.close)
            env |= {"OUTTRAY_DATABASE_URL": link.url, "OUTTRAY_ENGINE": "local"}
        serving = Serving(tmp_path, **env)
        if "disk full" in request.param:
            if not faults.can_mount():
                pytest.skip("a file system of its own needs root")
            stack.enter_context(faults.small_disk(serving.data, 64))
        if link:
            serving.command("migrate")
        serving.start()
        stack.callback(serving.stop)
        yield Panel(serving, mail, link, direct)


@pytest.mark.parametrize("panel", ["sqlite disk full", "postgresql"], indirect=True, ids=["sqlite", "postgresql"])
def test_in_a_storm_of_faults_everything_ends_once(panel: Panel):
    database = "postgresql" if panel.link else "sqlite"
    names = [name for name in FAULTS if name.startswith(database)]
    run, more = panel.start_run(), []
    for name in names:
        more += panel.start_more(name)
        with FAULTS[name](panel):
            time.sleep(SHORT)  # the fault itself takes its time
    with FAULTS["postgresql away" if panel.link else "sqlite locked"](panel):
        assert panel.serving.stop() < STOP_SECONDS
    panel.serving.start()
    _assert_all_ended_once(panel, run, more)


@pytest.mark.skipif(not soak.IS_LONG, reason="a long storm")
@pytest.mark.parametrize("seconds", OUTAGES)
@pytest.mark.parametrize(("panel", "fault"), [(name, name) for name in FAULTS], indirect=["panel"], ids=list(FAULTS))
def test_after_a_fault_everything_ends_once(panel: Panel, fault: str, seconds: float):
    run, more = panel.start_run(), panel.start_more(fault)
    with FAULTS[fault](panel):
        time.sleep(seconds)
    _assert_all_ended_once(panel, run, more)


@pytest.mark.skipif(not soak.IS_LONG, reason="a long storm")
@pytest.mark.parametrize(("panel", "fault"), [(name, name) for name in FAULTS], indirect=["panel"], ids=list(FAULTS))
def test_sigterm_in_the_middle_of_a_fault_ends_the_panel_in_time(panel: Panel, fault: str):
    run, more = panel.start_run(), panel.start_more(fault)
    with FAULTS[fault](panel):
        time.sleep(SHORT)
        assert panel.serving.stop() < STOP_SECONDS
    panel.serving.start()
    _assert_all_ended_once(panel, run, more)


def _assert_all_ended_once(panel: Panel, run: int, more: list[int]) -> None:
    ended = {one: until(lambda one=one: _ended(panel.client, one), STUCK_AFTER) for one in (*more, run)}
    assert len(everything(panel.client, "/api/v1/tasks")) == len(ended)
    assert {one["state"] for one in ended.values() if one["kind"] == "self-test"} == {"done"}
    rows = everything(panel.client, f"/api/v1/tasks/{run}/deliveries")
    by_state, got = Counter(row["state"] for row in rows), panel.mail.counts()
    assert max(got.values()) == 1
    assert by_state["sent"] + by_state["unknown"] == len(PEOPLE), by_state
    assert by_state["unknown"] <= 2
    assert all(got[row["to"]] == 1 for row in rows if row["state"] == "sent")
    assert ended[run]["state"] == ("attention" if by_state["unknown"] else "done")
    assert "unexpected" not in ended[run]["outcome"]
    lines = Counter((panel.serving.data / "log.txt").read_text().splitlines())
    assert all(number == 1 for number in lines.values())


def _ended(client: httpx.Client, task_id: int) -> dict | None:
    with contextlib.suppress(httpx.HTTPError, KeyError, ValueError):
        found = task(client, task_id)
        return found if found["state"] in ENDED else None
    return None
