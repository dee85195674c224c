"""A sending reaches public addresses only, however the address is written and in whatever thread it is called."""

import _thread
import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv6Address

import pytest

from tests.notify.targets import Hook
from webapp.notify import guard, networks

PUBLIC_V4, INTERNAL_V4 = "8.8.8.8", ("10.0.0.1", "127.0.0.1", "169.254.169.254", "192.168.1.1", "0.0.0.0", "224.0.0.1")
INTERNAL = [
    *INTERNAL_V4, "172.16.5.5", "100.64.0.1", "192.88.99.1", "198.18.0.1", "192.0.2.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1%eth0", "fd00::1", "fec0::1", "feff::1", "ff02::1", "2001:db8::1", "3fff::1", "5f00::1",
    "100::1", "64:ff9b:1::1", "64:ff9b:1:ffff:ffff:ffff:808:808", "64:ff9c::808:808", "4000::1", "2001::1",
    "nonsense", "", "localhost", "127.1", "0x7f000001", "2130706433", "1.2.3", "[::1]",
]  # fmt: skip
PUBLIC = [PUBLIC_V4, "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001::1", "2001:4860:4860::8888"]


def embedded(v4: str) -> dict[str, str]:
    """The IPv6 addresses that lead to an IPv4 one, by what leads there."""
    number = int(IPv4Address(v4))
    six_to_four = (0x2002 << 112) | number << 80
    teredo = (0x20010000 << 96) | int(IPv4Address(PUBLIC_V4)) << 64 | (number ^ 0xFFFFFFFF)
    return {
        "NAT64": str(IPv6Address(int(IPv6Address("64:ff9b::")) | number)),
        "NAT64 of this network": str(IPv6Address(int(IPv6Address("64:ff9b:1::")) | number)),
        "mapped": f"::ffff:{v4}",
        "compatible": f"::{v4}",
        "translated": f"::ffff:0:{v4}",
        "6to4": str(IPv6Address(six_to_four | 1)),
        "Teredo": str(IPv6Address(teredo)),
        "ISATAP": str(IPv6Address(int(IPv6Address("2606:4700:4700::5efe:0:0")) | number)),
        "ISATAP, global": str(IPv6Address(int(IPv6Address("2606:4700:4700::200:5efe:0:0")) | number)),
    }


@pytest.mark.parametrize("address", INTERNAL)
def test_an_address_that_is_not_public_is_internal(address: str):
    assert networks.is_internal(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_not(address: str):
    assert not networks.is_internal(address)


@pytest.mark.parametrize("kind", embedded(PUBLIC_V4))
@pytest.mark.parametrize("address", INTERNAL_V4)
def test_an_internal_address_inside_of_another_is_internal(kind: str, address: str):
    assert networks.is_internal(embedded(address)[kind])


@pytest.mark.parametrize("kind", embedded(PUBLIC_V4))
def test_a_public_address_stays_one_only_where_it_is_still_in_use(kind: str):
    is_used = kind in ("NAT64", "mapped", "6to4", "ISATAP", "ISATAP, global")
    assert networks.is_internal(embedded(PUBLIC_V4)[kind]) is not is_used


@pytest.fixture
def hook():
    with Hook() as running:
        yield running


POOL = ThreadPoolExecutor(1)  # as a library has one for all of its calls


def in_a_thread(work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


class OwnThread(threading.Thread):
    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__()
        self._work = work

    def run(self) -> None:
        self._work()


def in_a_thread_of_its_own_class(work: Callable[[], None]) -> None:
    thread = OwnThread(work)
    thread.start()
    thread.join()


def in_a_timer(work: Callable[[], None]) -> None:
    timer = threading.Timer(0, work)
    timer.start()
    timer.join()


def in_a_plain_thread(work: Callable[[], None]) -> None:
    ended = threading.Event()
    _thread.start_new_thread(lambda one, two: (work(), ended.set()), (1,), {"two": 2})
    ended.wait(10)


def in_a_new_pool(work: Callable[[], None]) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()


def in_an_old_pool(work: Callable[[], None]) -> None:
    POOL.submit(lambda: None).result()
    POOL.submit(work).result()


def in_an_event_loop(work: Callable[[], None]) -> None:
    async def run() -> None:
        await asyncio.to_thread(work)
        await asyncio.get_running_loop().run_in_executor(None, work)

    in_a_thread(lambda: asyncio.run(run()))


def in_threads_of_threads(work: Callable[[], None]) -> None:
    in_a_thread(lambda: in_a_new_pool(lambda: in_a_thread(work)))


WAYS = [
    in_a_thread, in_a_thread_of_its_own_class, in_a_timer, in_a_new_pool, in_an_old_pool, in_an_event_loop,
    in_threads_of_threads, in_a_plain_thread,
]  # fmt: skip


class Attempt:
    """Connects, and keeps what came of it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.results: list[str] = []

    def __call__(self) -> None:
        try:
            socket.create_connection(("localhost", self._port), timeout=5).close()
            self.results.append("connected")
        except OSError as error:
            self.results.append(type(error).__name__)


@pytest.mark.parametrize("way", WAYS)
def test_a_thread_of_a_library_is_watched_too(hook: Hook, way: Callable[[Callable[[], None]], None]):
    refused, allowed, after = (Attempt(hook.port) for _ in range(3))
    with guard.watching(internal=False, seconds=20) as watch:
        way(refused)
    with guard.watching(internal=True, seconds=20):
        way(allowed)
    way(after)
    assert {*refused.results} == {"RefusedAddress"}
    assert watch.refused
    assert {*allowed.results} == {*after.results} == {"connected"}


def test_two_sendings_at_once_are_not_mixed_up_in_one_pool(hook: Hook):
    inside, outside = Attempt(hook.port), Attempt(hook.port)

    def send(internal: bool, attempt: Attempt) -> None:
        with guard.watching(internal=internal, seconds=20):
            for _ in range(20):
                POOL.submit(attempt).result()

    with guard.watching(internal=True, seconds=20):
        pass
    threads = [threading.Thread(target=send, args=one) for one in ((True, inside), (False, outside))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ({*inside.results}, {*outside.results}) == ({"connected"}, {"RefusedAddress"})


def test_a_thread_that_outlives_its_sending_connects_to_nothing(hook: Hook):
    attempt, ended = Attempt(hook.port), threading.Event()

    def work() -> None:
        ended.wait(10)
        attempt()

    with guard.watching(internal=True, seconds=20):
        thread = threading.Thread(target=work)
        thread.start()
    ended.set()
    thread.join()
    assert attempt.results == ["TimeoutError"]


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_the_port_of_name_servers_is_no_exception(kind: socket.SocketKind):
    with guard.watching(internal=False, seconds=20), socket.socket(socket.AF_INET, kind) as one:
        for call in (one.connect, one.connect_ex):
            with pytest.raises(guard.RefusedAddress):
                call(("127.0.0.1", 53))


def test_datagrams_are_watched_too():
    with guard.watching(internal=False, seconds=20), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        with pytest.raises(guard.RefusedAddress):
            one.sendto(b"x", ("127.0.0.1", 53))
        with pytest.raises(guard.RefusedAddress):
            one.sendmsg([b"x"], [], 0, ("10.0.0.1", 9))
