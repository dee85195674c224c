"""The web as a child of the supervisor, which holds its socket open across restarts and imports none of it."""

import os
import signal
import socket
import threading
from multiprocessing.connection import Connection as Pipe
from typing import TYPE_CHECKING

from webapp import logs
from webapp.engine.worker_locks import WorkerLock
from webapp.settings import Settings

if TYPE_CHECKING:
    from webapp.serving.server import Server


def main(settings: Settings, listening: socket.socket, needs_slots: bool, worker: str, pipe: Pipe) -> None:
    """Runs a web process from start to end; its supervisor holds the other end of `pipe`."""
    from webapp.serving.server import make_server, serve

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    logs.set_up(settings.log_format)
    server = make_server(settings, needs_slots=needs_slots)
    lock = WorkerLock(settings.data_dir / "run", worker)
    lock.take()
    threading.Thread(target=_obey, args=(pipe, server), daemon=True).start()
    serve(server, listening)
    lock.release()
    os._exit(0)  # a thread that still runs a task of the background engine must not keep the process


def _obey(pipe: Pipe, server: "Server") -> None:
    try:
        pipe.recv()
        server.should_exit = True
        pipe.recv()  # silence: the supervisor has gone
    except (EOFError, OSError):
        os._exit(1)
