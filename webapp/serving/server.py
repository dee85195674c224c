"""The web server itself: uvicorn around the application, on a socket that somebody else has opened."""

import contextlib
import socket
from collections.abc import Iterator

import uvicorn

from webapp.app import create_app
from webapp.installation import build
from webapp.settings import Settings

STOP_SECONDS = 5  # what answers under way may still take


class Server(uvicorn.Server):
    """Stops when the supervisor says so, not when a signal comes."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def make_server(settings: Settings, *, needs_slots: bool) -> Server:
    """A server that has not begun to listen."""
    app = create_app(build(settings))
    app.state.needs_slots = needs_slots
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
        timeout_keep_alive=30,
    )
    return Server(config)


def serve(server: Server, listening: socket.socket) -> None:
    """Until `server.should_exit`, and what is under way has been answered."""
    server.run(sockets=[listening])
