"""A list of 100,000 rows: upload, check before sending, time to the first message; with the memory that each takes."""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from tests.servers import MailServer
from tests.serving import PASSWORD, Serving, start_task, task
from tests.waiting import until

ROWS = 100_000
EMAIL, SENDER = "root@example.com", "office@example.com"


def main() -> None:
    """Prints one line per figure."""
    with tempfile.TemporaryDirectory() as folder, MailServer() as server:
        server.pause = 0.05  # so that the run is still going when its memory is read
        serving = Serving(Path(folder), OUTTRAY_SMTP_URL=server.url, OUTTRAY_MAIL_FROM=SENDER).start()
        try:
            _measure(serving, _list())
        finally:
            serving.kill_tree()


def _measure(serving: Serving, content: bytes) -> None:
    client = serving.client(EMAIL)
    idle = _memory(serving)
    with _peak(serving) as peak:
        began = time.perf_counter()
        answer = client.post("/api/v1/uploads", files={"file": ("clients.csv", content)})
        _say("brought in", time.perf_counter() - began, peak() - idle)
    upload = answer.json()["id"]
    with _peak(serving) as peak, _signed_in(serving) as browser:
        form = {"key": "k", "recipients": upload, "subject": "For {{ Name }}", "body": "Dear {{ Name }}"}
        assert browser.post("/new/email?press=1", data=form).status_code == 303
        began = time.perf_counter()
        page = browser.get("/new/email/check?draft=k")
        assert f"{ROWS:,} of {ROWS:,} get this email" in page.text
        _say("the check page", time.perf_counter() - began, peak() - idle)
    with _peak(serving) as peak:
        began = time.perf_counter()
        form = {"recipients": upload, "subject": "Hi", "body": "Hi"}
        number = start_task(client, "email", form)
        until(lambda: _sent(client, number) > 0, 120)
        _say("from start to the first message", time.perf_counter() - began, peak() - idle)


def _sent(client: httpx.Client, number: int) -> int:
    done: int = task(client, number)["progress"]["done"]
    return done


def _say(what: str, seconds: float, memory: float) -> None:
    print(f"{what:<34} {seconds:6.2f} s, {memory:6.0f} MB more than idle, all processes together")


def _list() -> bytes:
    rows = (f"person{n}@example.com,Person {n},2026-11-{n % 28 + 1:02},{n}\n" for n in range(ROWS))
    return ("E-mail,Name,Since,Number\n" + "".join(rows)).encode()


@contextmanager
def _signed_in(serving: Serving) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=serving.url, headers={"Origin": serving.url}, timeout=60) as browser:
        assert browser.post("/login", data={"email": EMAIL, "password": PASSWORD}).status_code == 303
        yield browser


def _memory(serving: Serving) -> float:
    """Returns the memory of all processes in MB; shared memory counts once."""
    total = 0
    for process in serving.tree():
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total / 1e6


@contextmanager
def _peak(serving: Serving) -> Iterator[Callable[[], float]]:
    """Yields a function that returns the largest memory since the block began, in MB."""
    seen, stop = [_memory(serving)], threading.Event()

    def look() -> None:
        while not stop.wait(0.05):
            seen.append(_memory(serving))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield lambda: max(seen)
    finally:
        stop.set()
        watcher.join()


if __name__ == "__main__":
    main()
