"""Whatever answers at the address of a database, people get a message: garbage, other protocols, silence, tricks."""

import random
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.html import read
from webapp.errors import UserError
from webapp.reports.reading import database_address, sql
from webapp.reports.reading.sql import BoundQuery

Answer = Callable[[socket.socket], None]
GARBAGE = random.Random(7).randbytes(4_000)


@contextmanager
def rogue(answer: Answer) -> Iterator[int]:
    """A server on loopback that answers every connection so; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_serve, args=(server, answer), daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _serve(server: socket.socket, answer: Answer) -> None:
    with suppress(OSError):
        while True:
            conn, _ = server.accept()
            threading.Thread(target=_answer, args=(conn, answer), daemon=True).start()


def _answer(conn: socket.socket, answer: Answer) -> None:
    with conn, suppress(OSError):
        conn.settimeout(20)
        answer(conn)


def says(content: bytes, *, listens: bool = False) -> Answer:
    """Sends this, perhaps after the other side has spoken, and closes."""

    def answer(conn: socket.socket) -> None:
        if listens:
            conn.recv(4_096)
        conn.sendall(content)
        conn.shutdown(socket.SHUT_WR)
        while conn.recv(4_096):
            pass

    return answer


def is_silent(conn: socket.socket) -> None:
    while conn.recv(4_096):
        pass


# MySQL: packets of the length (3 bytes), the number (1 byte), the content


def packet(number: int, content: bytes) -> bytes:
    return len(content).to_bytes(3, "little") + bytes([number]) + content


def greeting(version: bytes = b"8.0.30") -> bytes:
    capabilities = 0xFFFF & ~0x0800  # all but TLS
    salt = b"a" * 8 + b"\0" + struct.pack("<HBHHB", capabilities, 33, 2, 0x00FF, 21)
    return packet(0, b"\x0a" + version + b"\0" + struct.pack("<I", 7) + salt + b"\0" * 10 + b"b" * 12 + b"\0")


OK = b"\0\0\0\2\0\0\0"


class MySql:
    """Greets, accepts everybody, and answers every command so."""

    def __init__(self, reply: bytes, version: bytes = b"8.0.30") -> None:
        self.got = bytearray()
        self._reply, self._version = reply, version

    def __call__(self, conn: socket.socket) -> None:
        conn.sendall(greeting(self._version))
        conn.recv(4_096)
        conn.sendall(packet(2, OK))
        while data := conn.recv(4_096):
            self.got += data
            conn.sendall(self._reply)


# PostgreSQL: a letter, the length with itself, the content


def message(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack(">I", len(content) + 4) + content


def parameter(name: bytes, value: bytes) -> bytes:
    return message(b"S", name + b"\0" + value + b"\0")


ACCEPTED = message(b"R", struct.pack(">I", 0)) + parameter(b"server_version", b"16.4") + message(b"K", b"\0" * 8)
READY = message(b"Z", b"I")


class Postgres:
    """Refuses TLS, accepts everybody, and answers everything so."""

    def __init__(self, reply: bytes, before: bytes = ACCEPTED + READY) -> None:
        self._reply, self._before = reply, before

    def __call__(self, conn: socket.socket) -> None:
        first = conn.recv(4_096)
        if len(first) == 8:  # asks for TLS or GSS
            conn.sendall(b"N")
            first = conn.recv(4_096)
            if len(first) == 8:
                conn.sendall(b"N")
                conn.recv(4_096)
        conn.sendall(self._before)
        while conn.recv(4_096):
            conn.sendall(self._reply)


HTTP = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
ODD: dict[str, Answer] = {
    "closes at once": says(b""),
    "closes after listening": says(b"", listens=True),
    "garbage": says(GARBAGE),
    "garbage after listening": says(GARBAGE, listens=True),
    "zeros": says(bytes(4_000)),
    "ones": says(b"\xff" * 4_000, listens=True),
    "http": says(HTTP, listens=True),
    "smtp": says(b"220 mail.example.com ESMTP\r\n"),
    "ssh": says(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "a greeting that is cut off": says(greeting()[:20]),
    "a greeting of nonsense": says(packet(0, b"\x0a" + GARBAGE[:60])),
    "a greeting without end": says(b"\xff\xff\xff\0" + bytes(1_000)),
    "an error of nonsense": says(packet(0, b"\xff" + GARBAGE[:9])),
    "mysql, then nothing": MySql(packet(1, b"")),
    "mysql, then garbage": MySql(GARBAGE),
    "mysql, then ok without rows": MySql(packet(1, OK)),
    "mysql of no version": MySql(packet(1, OK), b"x"),
    "mysql that asks for a file": MySql(packet(1, b"\xfb/etc/passwd")),
    "mysql with too many columns": MySql(packet(1, b"\xfe" + b"\xff" * 8)),
    "mysql with a wrong error": MySql(packet(1, b"\xff\x10\x04#HY000\xff\xfe\xff")),
    "postgresql, then garbage": Postgres(GARBAGE),
    "postgresql, then ready": Postgres(READY),
    "postgresql, then rows without columns": Postgres(message(b"D", b"\0\1\0\0\0\1x") + READY),
    "postgresql, then an error of nonsense": Postgres(message(b"E", GARBAGE[:50]) + READY),
    "postgresql of no version": Postgres(READY, message(b"R", b"\0" * 4) + READY),
    "postgresql that asks for an unknown sign-in": Postgres(b"", message(b"R", struct.pack(">I", 99))),
    "postgresql that asks for a copy": Postgres(message(b"G", b"\0\0\1\0\0") + READY),
}  # fmt: skip


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
@pytest.mark.parametrize("odd", ODD)
def test_an_odd_answer_ends_in_a_message(odd: str, scheme: str, tmp_path):
    with rogue(ODD[odd]) as port, pytest.raises(UserError) as refused:
        ask(scheme, port, tmp_path)
    assert refused.value.message
    assert "\n" not in refused.value.message
    assert "topsecret" not in refused.value.message


def ask(scheme: str, port: int, folder) -> list[str]:
    limits = "&read_timeout=2" if scheme == "mysql" else "&sslmode=prefer"
    url = address(scheme, port) + f"?connect_timeout=2{limits}"
    known = database_address.read_url(url, folder).render_as_string(hide_password=False)
    return sql.first_column(BoundQuery(url=known, text="SELECT 1", values={}, seconds=2))


def address(scheme: str, port: int) -> str:
    return f"{scheme}://ana:topsecret@127.0.0.1:{port}/shop"


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_a_server_that_never_answers_ends_in_a_message(scheme: str, tmp_path):
    with rogue(is_silent) as port, pytest.raises(UserError):
        ask(scheme, port, tmp_path)


def test_a_server_that_asks_for_a_file_gets_none(tmp_path):
    (tmp_path / "secret.key").write_text("0123456789abcdef")
    server = MySql(packet(1, b"\xfb" + str(tmp_path / "secret.key").encode()))
    with rogue(server) as port, pytest.raises(UserError):
        ask("mysql", port, tmp_path)
    assert server.got
    assert b"0123456789abcdef" not in server.got


@pytest.mark.parametrize(("scheme", "odd"), [("mysql", "mysql that asks for a file"), ("postgresql", "garbage")])
def test_the_page_shows_the_message_beside_the_address(admin, scheme: str, odd: str):
    with rogue(ODD[odd]) as port:
        data = {"name": "Shop", "url": address(scheme, port), "seconds": "5"}
        answer = admin.post("/settings/databases", data=data)
    assert answer.status_code == 422
    assert read(answer.text).one(id="url-error")
    assert "topsecret" not in answer.text


@pytest.mark.parametrize("url", ["mysql://a:b@127.0.0.1/x?local_infile=1", "postgresql://a:b@127.0.0.1/x?passfile=y"])
def test_the_page_names_an_option_that_is_refused(admin, url: str):
    answer = admin.post("/settings/databases", data={"name": "Shop", "url": url, "seconds": "5"})
    assert answer.status_code == 422
    assert "is no option that this address may have" in read(answer.text).one(id="url-error").text
