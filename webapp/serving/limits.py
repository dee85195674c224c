"""uvicorn's HTTP protocol, with limits for what a client sends too slowly or too much before a route is found.

The body has its own limits, those of its route: see web/http/budget.py.
"""

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LINE_BYTES = 8 << 10  # of the address; RFC 9112, 3 asks for at least 8,000
HEAD_BYTES = 16 << 10  # of all headers together
HEAD_SECONDS = 10.0  # from the start of a connection, or the first byte of its next request, to the end of the headers
REST_SECONDS = 5.0  # for what a client still sends once it has its answer
REFUSED_SECONDS = 1.0  # the same for a refused head; closing at once would reset the connection under the answer
STALL_SECONDS = 60.0  # in which a client must take something of its answer
CONNECTIONS = 2_000  # of one process


class _Refused(Exception):
    """Stops the parser in the middle of a request."""


class LimitedProtocol(HttpToolsProtocol):
    """One connection: refuses a head that is too large (414, 431), and ends what stands still."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None  # of what the client sends
        self._stall: asyncio.TimerHandle | None = None  # of what it takes
        self._raw_bytes = 0  # received while the head was being read
        self._is_head = self._is_whole = True  # whether a head is being read; whether the request has come as a whole
        self._refusal: HTTPStatus | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            self._close_in(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._stop_stall()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refusal is not None or self.transport.is_closing():
            return
        if self._is_head:
            self._raw_bytes += len(data)
        super().data_received(data)
        if not self._is_head or not self._raw_bytes or self._refusal is not None:
            return  # most requests come in one piece, and need no timer
        if self._raw_bytes > LINE_BYTES + HEAD_BYTES:
            # The parser keeps a line or header that has not ended yet, and has not called back.
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._timer is None and not self.transport.is_closing():
            self._close_in(HEAD_SECONDS)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_head, self._is_whole = True, False

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > LINE_BYTES:
            self._stop(HTTPStatus.REQUEST_URI_TOO_LONG)

    def on_headers_complete(self) -> None:
        if sum(len(name) + len(value) + 4 for name, value in self.headers) > HEAD_BYTES:
            self._stop(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        self._is_head, self._raw_bytes = False, 0
        if self._timer is not None:
            self._stop_timer()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._is_head = self._is_whole = True
        super().on_message_complete()
        if self.cycle.response_complete:
            self._close_in(HEAD_SECONDS)  # uvicorn's own timer ended with the first byte after the answer

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._is_whole and not self.transport.is_closing():
            self._close_in(REST_SECONDS)

    def pause_writing(self) -> None:
        super().pause_writing()
        # close() would wait until everything is written, which a client that reads nothing prevents.
        self._stall = self.loop.call_later(STALL_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        self._stop_stall()
        super().resume_writing()

    def eof_received(self) -> None:
        if self._refusal is not None:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        if self._refusal is None:
            super().send_400_response(msg)
        else:
            self._refuse(self._refusal)

    def _stop(self, status: HTTPStatus) -> None:
        self._refusal = status
        raise _Refused(status.phrase)

    def _refuse(self, status: HTTPStatus) -> None:
        self._refusal = status
        body = status.phrase.encode()
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: text/plain; charset=utf-8\r\n"
        head += f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(head.encode() + body)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._close_in(REFUSED_SECONDS)

    def _close_in(self, seconds: float) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(seconds, self.transport.close)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_stall(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
