"""Installations on either database; commands in this process or one of their own, refused in one line."""

import contextlib
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from tests import postgres
from tests.serving import PASSWORD, Serving
from webapp.cli import app

LEASE = "5"  # seconds


@pytest.fixture(autouse=True)
def _logs_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands of this process leave pytest's own handlers alone."""
    monkeypatch.setattr("webapp.logs.set_up", lambda form: None)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "sqlite" else postgres.new_database()


@pytest.fixture
def panel(tmp_path: Path, database_url: str) -> Iterator[Serving]:
    """An installation on either database that does not run yet."""
    yield from _panel(tmp_path, database_url)


@pytest.fixture
def on_postgresql(tmp_path: Path) -> Iterator[Serving]:
    yield from _panel(tmp_path, postgres.new_database())


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Serving]:
    yield from _panel(tmp_path, "")


def _panel(tmp_path: Path, url: str) -> Iterator[Serving]:
    serving = Serving(tmp_path, OUTTRAY_DATABASE_URL=url, OUTTRAY_TEST_LEASE_SECONDS=LEASE)
    if url:
        outtray(serving, "migrate")
    yield serving
    serving.stop()


def another(home: Path, url: str = "") -> Serving:
    """A set-up with a data directory of its own, as another machine has it."""
    home.mkdir()
    return Serving(home, OUTTRAY_DATABASE_URL=url, OUTTRAY_TEST_LEASE_SECONDS=LEASE)


def outtray(panel: Serving, *args: str, stdin: str = "") -> str:
    """Runs a command in this process, which saves the start of another; returns what it prints."""
    code, out, err = _run(panel, args, stdin)
    assert code == 0, (args, out, err)
    return out.strip()


def refused(panel: Serving, *args: str) -> str:
    """The one line with which a command, run in this process, is refused."""
    return one_line(args, *_run(panel, args, ""))


def refused_process(panel: Serving, *args: str) -> str:
    """The same with a real process."""
    done = panel.attempt(*args)
    return one_line(args, done.returncode, done.stdout, done.stderr)


def one_line(args: tuple[str, ...], code: int, out: str, err: str) -> str:
    lines = (out if args[0] == "check" else err).splitlines()
    assert (code, len(lines)) == (1, 1), (args, code, out, err)
    return lines[0]


def use(panel: Serving) -> None:
    """Makes it an installation in use."""
    outtray(panel, "user", "add", "root@example.com", "--role", "admin", "--password-stdin", stdin=PASSWORD + "\n")


def end(process: subprocess.Popen[bytes], how: int = signal.SIGTERM) -> int:
    """Ends a process that a test has started, and returns its exit code."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, how)
    return process.wait(30)


def _run(panel: Serving, args: tuple[str, ...], stdin: str) -> tuple[int, str, str]:
    out, err, umask = io.StringIO(), io.StringIO(), os.umask(0o022)
    given = io.TextIOWrapper(io.BytesIO(stdin.encode()))
    try:
        with (
            mock.patch.dict(os.environ, panel.env, clear=True),
            mock.patch.multiple(sys, argv=["outtray", *args], stdin=given),
            mock.patch("webapp.cli.serve.Supervisor", side_effect=AssertionError("it starts")),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = app.run()
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        os.umask(umask)
    return code, out.getvalue(), err.getvalue()
