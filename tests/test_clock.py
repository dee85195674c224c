"""Time comes through webapp/clock.py alone, and tests shift it in processes that run already."""

import ast
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from webapp import clock

WEBAPP = Path(clock.__file__).parent
# What tells the time of this machine; the names of a module count however it was imported.
OTHER_CLOCKS = {
    "time": {
        "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "localtime", "gmtime",
        "ctime", "clock_gettime", "clock_gettime_ns",
    },
    "datetime": {"datetime.now", "datetime.utcnow", "datetime.today", "date.today"},
    "email.utils": {"localtime", "formatdate"},
}  # fmt: skip


def other_clocks(source: str) -> list[tuple[int, str]]:
    """The lines of a module that ask another clock, with what they ask."""
    tree, names = ast.parse(source), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {one.asname or one.name: one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
    forbidden = {f"{module}.{name}" for module, found in OTHER_CLOCKS.items() for name in found}
    asked = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
            first, _, rest = ast.unparse(node).partition(".")
            full = ".".join(part for part in (names.get(first, ""), rest) if part)
            if full in forbidden:
                asked.append((node.lineno, full))
    return asked


@pytest.mark.parametrize("path", sorted(WEBAPP.rglob("*.py")), ids=lambda path: str(path.relative_to(WEBAPP)))
def test_no_other_module_tells_the_time(path: Path):
    if path != Path(clock.__file__):
        assert other_clocks(path.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.time()",
        "import time as t\nt.monotonic()",
        "from time import time as seconds\nseconds()",
        "from datetime import datetime\ndatetime.now()",
        "import datetime\ndatetime.datetime.utcnow()",
        "from datetime import date\nfield(default_factory=date.today)",
        "from email.utils import formatdate\nformatdate()",
    ],
)
def test_the_walk_finds_every_way_to_ask(source: str):
    assert other_clocks(source)


def test_time_is_shifted_by_the_number_in_the_file_and_changes_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    offset = tmp_path / "offset"
    monkeypatch.setenv(clock.OFFSET_FILE, str(offset))
    for seconds in (0, 3_600, -3_600, 400 * 86_400):
        offset.write_text(str(seconds))
        shifted = clock.now() - datetime.now(UTC)
        assert timedelta(seconds=seconds - 5) < shifted < timedelta(seconds=seconds + 5)
        assert abs(clock.seconds() - clock.now().timestamp()) < 5


def test_the_monotonic_clock_is_not_shifted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    offset = tmp_path / "offset"
    monkeypatch.setenv(clock.OFFSET_FILE, str(offset))
    before = clock.monotonic()
    offset.write_text("-86400")
    assert clock.monotonic() >= before


def test_child_processes_are_shifted_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    offset = tmp_path / "offset"
    offset.write_text(str(400 * 86_400))
    monkeypatch.setenv(clock.OFFSET_FILE, str(offset))
    code = "from webapp import clock; print(clock.now().isoformat())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert abs(datetime.fromisoformat(told) - clock.now()) < timedelta(minutes=5)


def test_the_date_is_that_of_the_zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: noon)
    days = [clock.today(ZoneInfo(zone)).day for zone in ("Pacific/Kiritimati", "UTC", "Pacific/Niue")]
    assert days == [2, 1, 1]
