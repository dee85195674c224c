"""Puts load on an HTTP server and measures its answers: one request after another per connection, as browsers do."""

import asyncio
import time
from dataclasses import dataclass
from statistics import median

import uvloop


@dataclass(frozen=True)
class Answers:
    """The times of all answers, in ms, and the duration of the run, in seconds."""

    times: list[float]
    seconds: float

    @property
    def per_second(self) -> float:
        return len(self.times) / self.seconds

    def quantile(self, q: float) -> float:
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(q * len(ordered)))]

    def __str__(self) -> str:
        return f"p50 {self.quantile(0.5):7.1f} ms   p99 {self.quantile(0.99):7.1f} ms   {len(self.times):5d} answers"


class _Connection(asyncio.Protocol):
    """Sends the same request again as soon as it is answered."""

    def __init__(self, request: bytes, status: bytes, times: list[float], gap: float) -> None:
        self._request, self._status, self._times, self._gap = request, status, times, gap
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        if not data.startswith(b"HTTP/1.1 " + self._status):
            return None if not data.startswith(b"HTTP/1.1") else self._fail(data)
        self._times.append((time.perf_counter() - self._sent) * 1000)
        if self._gap:
            asyncio.get_running_loop().call_later(self._gap, self._send)
        else:
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def _send(self) -> None:
        self._sent = time.perf_counter()
        if not self._transport.is_closing():
            self._transport.write(self._request)  # type: ignore[attr-defined]

    def _fail(self, data: bytes) -> None:
        self.done.set_exception(RuntimeError(data.split(b"\r\n", 1)[0].decode()))


def hit(
    port: int, request: str, seconds: float, *, connections: int = 8, gap: float = 0.0, status: int = 200
) -> Answers:
    """Repeats a complete request for some seconds; raises RuntimeError on another status."""

    async def run() -> Answers:
        times: list[float] = []
        loop = asyncio.get_running_loop()
        made = [
            await loop.create_connection(
                lambda: _Connection(request.encode(), str(status).encode(), times, gap), "127.0.0.1", port
            )
            for _ in range(connections)
        ]
        began = time.perf_counter()
        await asyncio.wait([protocol.done for _, protocol in made], timeout=seconds)
        for transport, protocol in made:
            transport.close()
            if protocol.done.done() and protocol.done.exception():
                raise protocol.done.exception()  # type: ignore[misc]
        return Answers(times, time.perf_counter() - began)

    return uvloop.run(run())


def request(method: str, path: str, headers: dict[str, str], body: str = "") -> str:
    """Returns a complete HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, f"Content-Length: {len(body.encode())}", "", body])


def spread(values: list[float]) -> str:
    """Returns the text “median (min to max)”."""
    return f"{median(values):.1f} ({min(values):.1f} to {max(values):.1f})"
