"""Asks an application as a server does, with any bytes: no client in between corrects or refuses what is sent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

Headers = Iterable[tuple[bytes, bytes]]


@dataclass
class Answer:
    """What was answered; header names are in lower case."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]


async def ask(app: Any, method: str, path: str, query: bytes = b"", headers: Headers = (), body: bytes = b"") -> Answer:
    """Sends one request; `path` is quoted, as in a URL. Raises whatever the application raises."""
    answer, chunks = Answer(), [body]

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request", "body": chunks.pop()} if chunks else {"type": "http.disconnect"}

    async def send(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode().lower(): value.decode("latin-1") for name, value in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": unquote(path, errors="surrogateescape"), "raw_path": path.encode(), "root_path": "",
        "query_string": query, "headers": [*_with_host(headers)], "client": ("127.0.0.1", 50_000),
        "server": ("testserver", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    return answer


def _with_host(headers: Headers) -> Headers:
    given = list(headers)
    return given if any(name == b"host" for name, _ in given) else [(b"host", b"testserver"), *given]
