"""A signed-in person's page beside 100 signed-out clients that send slowly, nothing, or too much."""

import contextlib
import itertools
import os
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx

from tests.serving import PASSWORD, Serving

STRANGERS = 100
SECONDS = float(os.environ.get("OUTTRAY_BENCH_SECONDS", "20"))
PATHS = ("/", "/tasks", "/account")
MB = 1 << 20


def main() -> None:
    """Prints p50 and p99 of pages alone and beside the others, their ratio, and what disk and memory gained."""
    with tempfile.TemporaryDirectory() as home:
        serving = Serving(Path(home)).start()
        try:
            browser = _browser(serving)
            _ask(browser, 3.0)  # warm
            alone, before = _ask(browser, SECONDS), _sizes(serving)
            with _strangers(serving.port) as sent:
                beside, during = _ask(browser, SECONDS), _sizes(serving)
            after = _sizes(serving)
        finally:
            serving.stop()
    _print("pages alone", alone)
    _print(f"pages beside {STRANGERS} strangers", beside)
    print(f"p99 beside ÷ p99 alone   {_p99(beside) / _p99(alone):.2f}")
    print(f"sent by the strangers    {sum(sent) / MB:,.0f} MB")
    for name, sizes in (("during", during), ("after", after)):
        disk, memory = (now - then for now, then in zip(sizes, before, strict=True))
        print(f"gained {name:<6}  disk {disk / MB:+.1f} MB, memory of the web {memory / MB:+.1f} MB")


def _browser(serving: Serving) -> httpx.Client:
    serving.client()
    headers = {"Origin": serving.url, "Sec-Fetch-Site": "same-origin"}
    browser = httpx.Client(base_url=serving.url, headers=headers, follow_redirects=True, timeout=60)
    browser.post("/login", data={"email": "root@example.com", "password": PASSWORD}).raise_for_status()
    return browser


def _ask(browser: httpx.Client, seconds: float) -> list[float]:
    """Opens one page after another for this time; returns the seconds of each."""
    found, end = [], time.monotonic() + seconds
    for path in itertools.cycle(PATHS):
        began = time.monotonic()
        if began > end:
            return found
        browser.get(path).raise_for_status()
        found.append(time.monotonic() - began)
    raise AssertionError


def _sizes(serving: Serving) -> tuple[int, int]:
    """Returns the bytes of the data directory, and of the web's memory (PSS)."""
    disk = sum(path.stat().st_size for path in serving.data.rglob("*") if path.is_file())
    web = serving.workers("web")[0]
    return disk, web.memory_full_info().pss


@contextlib.contextmanager
def _strangers(port: int) -> Iterator[list[int]]:
    """100 clients, a fourth of each sort, who connect again whenever they are cut off; yields the bytes they sent."""
    sent, ended = [0] * STRANGERS, threading.Event()
    threads = [
        threading.Thread(target=_stranger, args=(port, SORTS[number % len(SORTS)], number, sent, ended), daemon=True)
        for number in range(STRANGERS)
    ]
    for thread in threads:
        thread.start()
    time.sleep(1)
    yield sent
    ended.set()
    for thread in threads:
        thread.join(5)


def _stranger(
    port: int, pieces: Callable[[], Iterator[bytes]], number: int, sent: list[int], ended: threading.Event
) -> None:
    while not ended.is_set():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as made:
            for piece in pieces():
                made.sendall(piece)
                sent[number] += len(piece)
                if ended.wait(0.2):
                    return
            while made.recv(65_536):
                pass
        ended.wait(0.2)


def _slow_body() -> Iterator[bytes]:
    yield b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000\r\n"
    yield b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    for _ in range(10_000):
        yield b"a"


def _silent() -> Iterator[bytes]:
    yield b"GET / HTTP/1.1\r\n"


def _large_header() -> Iterator[bytes]:
    yield b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: "
    for _ in range(64):
        yield b"x" * MB


def _large_body() -> Iterator[bytes]:
    yield b"POST /unsubscribe/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 150000000\r\n"
    yield b'Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\nContent-Disposition: form-data; name="f"; '
    yield b'filename="f"\r\n\r\n'
    for _ in range(150):
        yield b"x" * MB


SORTS = (_slow_body, _silent, _large_header, _large_body)


def _p99(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=100)[98]


def _print(name: str, seconds: Sequence[float]) -> None:
    p50, p99 = statistics.median(seconds), _p99(seconds)
    print(f"{name:<32} {len(seconds):>6} pages, p50 {1000 * p50:6.1f} ms, p99 {1000 * p99:6.1f} ms")
