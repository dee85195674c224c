"""Asks an application as a server does, with any bytes: no client in between corrects or refuses what is sent."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

Headers = Iterable[tuple[bytes, bytes]]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class Question:
    """One request; path and query are quoted, as in a URL."""

    method: str
    path: str
    query: str = ""
    headers: Headers = ()
    body: bytes = b""


@dataclass
class Answer:
    """What was answered; header names are in lower case."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


class Server:
    """One event loop for many requests, one after the other.

    The loop has a thread of its own: Playwright's keeps running in the thread of tests.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def ask(self, question: Question, receive: Receive | None = None) -> Answer:
        """Returns the answer; raises whatever the application raises. `receive` replaces the question's body."""
        asking = _ask(self._app, question, receive or _body(question))
        return asyncio.run_coroutine_threadsafe(asking, self._loop).result()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def _body(question: Question) -> Receive:
    chunks = [question.body]

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request", "body": chunks.pop()} if chunks else {"type": "http.disconnect"}

    return receive


async def _ask(app: Any, question: Question, receive: Receive) -> Answer:
    answer = Answer()

    async def send(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode().lower(): value.decode("latin-1") for name, value in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    await app(_scope(question), receive, send)
    return answer


def _scope(question: Question) -> dict[str, Any]:
    headers = list(question.headers)
    if not any(name == b"host" for name, _ in headers):
        headers.append((b"host", b"testserver"))
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": question.method, "scheme": "http",
        "path": unquote(question.path, errors="surrogateescape"), "raw_path": question.path.encode(), "root_path": "",
        "query_string": question.query.encode(), "headers": headers, "client": ("127.0.0.1", 50_000),
        "server": ("testserver", 80),
    }  # fmt: skip
