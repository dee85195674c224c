"""A real `outtray serve`: its processes, and an HTTP client that speaks to it as a program does."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.waiting import until

ENDED = {"done", "attention", "failed", "cancelled"}
PASSWORD = "correct horse battery"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Serving:
    """One installation in a folder of its own."""

    def __init__(self, home: Path, **env: str) -> None:
        self.data, self.port = home / "data", free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("OUTTRAY_")}
        self.env = {**inherited, "OUTTRAY_DATA_DIR": str(self.data), "OUTTRAY_PORT": str(self.port), **env}
        self.log = home / "serve.log"
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, *args: str, stdin: str = "") -> str:
        done = self.attempt(*args, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def attempt(self, *args: str, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        """Runs a command that may be refused; a panel that starts instead is ended, and fails the test."""
        command = [sys.executable, "-m", "webapp", *args]
        return subprocess.run(command, env={**self.env, **env}, input=stdin, capture_output=True, text=True, timeout=60)

    def start(self, *args: str) -> "Serving":
        self.process = self.spawn("serve", *args)
        until(self.is_ready, 40)
        return self

    def spawn(self, *args: str) -> subprocess.Popen[bytes]:
        """Starts a command that goes on running; its output goes to the log."""
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "webapp", *args]
            return subprocess.Popen(command, env=self.env, stdout=log, stderr=log, start_new_session=True)

    def is_ready(self) -> bool:
        assert self.process is None or self.process.poll() is None, self.log.read_text()[-2000:]
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(self.url + "/readyz", timeout=2).status_code == 200
        return False

    def client(self, email: str = "root@example.com") -> httpx.Client:
        with contextlib.suppress(AssertionError):
            self.command("user", "add", email, "--role", "admin", "--password-stdin", stdin=PASSWORD + "\n")
        token = self.command("token", "add", email, "--name", "tests")
        # A web process that was killed drops its connections: a program tries again, with the same key.
        transport = httpx.HTTPTransport(retries=5)
        return httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=30, transport=transport
        )

    def tree(self) -> list[psutil.Process]:
        """Returns the living supervisor and its descendants."""
        if self.process is None or self.process.poll() is not None:
            return []
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def workers(self, role: str) -> list[psutil.Process]:
        """Returns the living processes of a role, found by their lock files."""
        return [process for process in self.tree()[1:] if f"-{role}-" in name_of(process, self.data)]

    def kill_tree(self) -> None:
        doomed = self.tree()
        for process in doomed:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(doomed, timeout=10)
        if self.process:
            self.process.wait(10)

    def stop(self) -> float:
        """Stops it with SIGTERM; returns the seconds that this took."""
        began = time.monotonic()
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
        return time.monotonic() - began


def name_of(process: psutil.Process, data: Path) -> str:
    """Returns the worker name of a process: its open lock file."""
    with contextlib.suppress(psutil.Error):
        for opened in process.open_files():
            if opened.path.endswith(".lock") and opened.path.startswith(str(data)):
                return Path(opened.path).stem
    return ""


def start_task(client: httpx.Client, kind: str, form: dict[str, Any], key: str = "", **more: Any) -> int:
    """Starts a task; repeats the call with the same key until it gets an answer. Returns the task's id."""
    headers = {"Idempotency-Key": key} if key else {}
    for _ in range(100):
        with contextlib.suppress(httpx.TransportError):
            answer = client.post("/api/v1/tasks", json={"kind": kind, "form": form, **more}, headers=headers)
            assert answer.status_code in (200, 201), answer.text
            return answer.json()["id"]
        time.sleep(0.1)
    raise AssertionError("no answer")


def task(client: httpx.Client, task_id: int) -> dict[str, Any]:
    for _ in range(100):
        with contextlib.suppress(httpx.TransportError):
            return client.get(f"/api/v1/tasks/{task_id}").json()
        time.sleep(0.1)
    raise AssertionError("no answer")


def wait_ended(client: httpx.Client, task_id: int, seconds: float = 60) -> dict[str, Any]:
    until(lambda: task(client, task_id)["state"] in ENDED, seconds)
    return task(client, task_id)


def everything(client: httpx.Client, path: str, **query: Any) -> list[dict[str, Any]]:
    """Returns all items of a list, page by page."""
    found: list[dict[str, Any]] = []
    params: dict[str, Any] = {"limit": 1000, **query}
    while True:
        page = client.get(path, params=params).json()
        found += page["items"]
        if page["next"] is None:
            return found
        params["before"] = page["next"]
