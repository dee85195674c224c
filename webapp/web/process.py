"""The web as a child of the supervisor: uvicorn on a socket that the supervisor holds open across restarts."""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection as Pipe

import uvicorn

from webapp import logs
from webapp.engine.locks import WorkerLock
from webapp.settings import Settings

STOP_SECONDS = 5  # what answers under way may still take


class Server(uvicorn.Server):
    """Stops when the supervisor says so, not when a signal comes."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def main(settings: Settings, listening: socket.socket, needs_slots: bool, worker: str, pipe: Pipe) -> None:
    """The whole life of a web process; its supervisor holds the other end of `pipe`."""
    from webapp.app import create_app
    from webapp.house import build

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    logs.set_up(settings.log_format)
    house = build(settings)
    lock = WorkerLock(house.run_dir, worker)
    lock.take()
    app = create_app(house)
    app.state.needs_slots = needs_slots
    app.state.worker = worker
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=STOP_SECONDS,
        timeout_keep_alive=30,
    )
    server = Server(config)
    threading.Thread(target=_obey, args=(pipe, server), daemon=True).start()
    server.run(sockets=[listening])
    lock.release()
    os._exit(0)  # a thread that still runs a task of the background engine must not keep the process


def _obey(pipe: Pipe, server: uvicorn.Server) -> None:
    try:
        pipe.recv()
        server.should_exit = True
        pipe.recv()  # silence: the supervisor has gone
    except (EOFError, OSError):
        os._exit(1)
