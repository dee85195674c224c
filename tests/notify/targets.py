"""A real HTTP server on 127.0.0.1 that misbehaves as it is told, and keeps what it was sent."""

import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Hook:
    """`on(path, …)` says how a path answers; everything else answers 200. `got` holds what was accepted."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.asked: list[str] = []
        self._rules: dict[str, list[dict[str, Any]]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> "Hook":
        self._thread.start()
        return self

    def __exit__(self, *why: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def url(self, path: str = "/hook", scheme: str = "json") -> str:
        """For Apprise."""
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    def on(self, path: str, *, status: int = 200, times: int = 10**9, **how: Any) -> None:
        """`headers`; `wait` (s) before the answer, or `hold`, an event that it waits for.

        `drop`: the connection breaks after what was sent was read; `drip`: the answer comes a byte at a time.
        """
        self._rules.setdefault(path, []).append({"status": status, "times": times, **how})

    def count(self, path: str) -> int:
        return sum(one == path for one, _ in self.got)

    def _rule(self, path: str) -> dict[str, Any]:
        for rule in self._rules.get(path, []):
            if rule["times"] > 0:
                rule["times"] -= 1
                return rule
        return {"status": 200}

    def _handler(hook) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path = self.path.partition("?")[0]
                hook.asked.append(path)
                rule = hook._rule(path)
                time.sleep(rule.get("wait", 0))
                if hold := rule.get("hold"):
                    hold.wait(60)
                if rule.get("drip"):
                    return self._drip()
                if 200 <= rule["status"] < 300 and not rule.get("drop"):
                    hook.got.append((path, json.loads(body or b"{}")))
                if rule.get("drop"):
                    self.close_connection = True
                    self.connection.shutdown(2)
                    return
                self.send_response(rule["status"])
                for name, value in rule.get("headers", {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def _drip(self) -> None:
                self.wfile.write(b"HTTP/1.1 ")
                try:
                    for _ in range(600):
                        self.wfile.write(b"x")
                        time.sleep(0.1)
                except OSError:
                    self.close_connection = True

            do_GET = do_POST

            def log_message(self, *args: object) -> None:
                """Nothing."""

        return Handler
