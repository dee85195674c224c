"""Faults of the infrastructure, made for real: a database that is away, cut connections, locks, a full disk."""

import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg


class DatabaseLink:
    """A TCP port in front of a PostgreSQL server that a test takes away, cuts or freezes."""

    def __init__(self, url: str) -> None:
        self._target = _address(url)
        self._database = urlsplit(url).path
        self._user = urlsplit(url).username or "postgres"
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self._port = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._is_up = True
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"postgresql://{self._user}@127.0.0.1:{self._port}{self._database}?sslmode=disable"

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """Nothing can connect, and all connections are cut, until the block ends."""
        self._is_up = False
        self.cut()
        try:
            yield
        finally:
            self._is_up = True

    def cut(self) -> None:
        """Ends every connection, as a restarted server or firewall does."""
        with self._lock:
            doomed = list(self._open)
        for one in doomed:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._is_up = False
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self._is_up:
                    threading.Thread(target=self._serve, args=(client,), daemon=True).start()
                else:
                    client.close()

    def _serve(self, client: socket.socket) -> None:
        family, address = self._target
        server = socket.socket(family)
        server.connect(address)
        with self._lock:
            self._open |= {client, server}
        there = threading.Thread(target=_copy, args=(client, server), daemon=True)
        there.start()
        _copy(server, client)
        there.join()
        with self._lock:
            self._open -= {client, server}
        client.close()
        server.close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


def _address(url: str) -> tuple[int, str | tuple[str, int]]:
    parts = urlsplit(url)
    folder = parse_qs(parts.query).get("host", [""])[0]
    if folder.startswith("/"):
        return socket.AF_UNIX, f"{folder}/.s.PGSQL.{parts.port or 5432}"
    return socket.AF_INET, (parts.hostname or "127.0.0.1", parts.port or 5432)


@contextlib.contextmanager
def locked_postgres(url: str, table: str = "task") -> Iterator[None]:
    """Another program holds the whole table, until the block ends."""
    with psycopg.connect(url) as conn:
        conn.execute(f"lock table {table} in access exclusive mode")
        yield


@contextlib.contextmanager
def locked_sqlite(path: Path) -> Iterator[None]:
    """Another program holds the write lock, until the block ends."""
    conn = sqlite3.connect(path, timeout=30, isolation_level=None)
    conn.execute("begin immediate")
    try:
        yield
    finally:
        conn.rollback()
        conn.close()


@contextlib.contextmanager
def small_disk(path: Path, megabytes: int) -> Iterator[None]:
    """A file system of its own for a folder; needs root."""
    path.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def can_mount() -> bool:
    return os.geteuid() == 0 and Path("/bin/mount").exists()


@contextlib.contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    """Takes every free byte of the folder's file system, until the block ends."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as out:
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while True:
                    out.write(b"\0" * size)
    try:
        yield
    finally:
        ballast.unlink()


@contextlib.contextmanager
def frozen(process: psutil.Process) -> Iterator[None]:
    """A process that does not run, until the block ends."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGCONT)
