"""The web server: uvicorn around the application, on a socket that the supervisor has opened."""

import contextlib
import resource
import socket
from collections.abc import Iterator

import uvicorn

from webapp.app import create_app
from webapp.installation import build
from webapp.serving.limits import CONNECTIONS, LimitedProtocol
from webapp.settings import Settings

STOP_SECONDS = 5  # what answers under way may still take


class Server(uvicorn.Server):
    """Stops when the supervisor says so, not when a signal comes."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def make_server(settings: Settings, *, needs_slots: bool) -> Server:
    """Returns a server that has not begun to listen."""
    app = create_app(build(settings))
    app.state.needs_slots = needs_slots
    config = uvicorn.Config(
        app,
        http=LimitedProtocol,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
        timeout_keep_alive=30,
    )
    return Server(config)


def serve(server: Server, listening: socket.socket) -> None:
    """Serves until `server.should_exit`, and until the requests under way have been answered."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 2 * CONNECTIONS + 1_000) if most > 0 else most, most))
    server.run(sockets=[listening])
