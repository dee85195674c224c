"""Unchanged polls per second in one web process, compared with an empty async FastAPI route that also answers 204."""

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx

from benchmarks._load import hit, request, spread
from tests.serving import PASSWORD, Serving, free_port
from tests.waiting import until

PAIRS, SECONDS, CONNECTIONS = 5, 4.0, 16


def main() -> None:
    """Measures interleaved pairs; prints the median of each side and of their ratio."""
    with tempfile.TemporaryDirectory() as home, article() as port:
        serving = Serving(Path(home)).start()
        try:
            poll = _poll(serving)
            ours, empty = [], []
            for _ in range(PAIRS):
                bare = request("GET", "/empty", {})
                empty.append(hit(port, bare, SECONDS, connections=CONNECTIONS, status=204).per_second)
                ours.append(hit(serving.port, poll, SECONDS, connections=CONNECTIONS, status=204).per_second)
        finally:
            serving.stop()
    print(f"empty async route, 204         {spread(empty)} a second")
    print(f"unchanged poll, 204            {spread(ours)} a second")
    print(f"poll ÷ empty route, per pair   {spread([100 * a / b for a, b in zip(ours, empty, strict=True)])} %")


@contextlib.contextmanager
def article() -> Iterator[int]:
    """Runs the article's app in another process; yields its port."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "benchmarks._article", str(port)])
    try:
        until(lambda: _answers(port))
        yield port
    finally:
        process.kill()  # its report may take minutes more
        process.wait(10)


def _answers(port: int) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"http://127.0.0.1:{port}/empty").status_code == 204
    return False


def _poll(serving: Serving) -> str:
    """Returns the poll of a signed-in browser that has the newest version."""
    serving.client()
    headers = {"Origin": serving.url, "Sec-Fetch-Site": "same-origin"}
    with httpx.Client(base_url=serving.url, headers=headers, follow_redirects=True) as browser:
        browser.post("/login", data={"email": "root@example.com", "password": PASSWORD}).raise_for_status()
        page = browser.get("/").text
        path = page.split('hx-get="', 1)[1].split('"', 1)[0].replace("&amp;", "&")
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    return request("GET", path, {"Cookie": cookies, "HX-Request": "true"})


if __name__ == "__main__":
    main()
