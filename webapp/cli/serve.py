"""serve, web, worker and migrate: the commands that start processes or prepare for them."""

import contextlib
import errno
import socket
import threading
import time
import webbrowser
from collections.abc import Iterator
from typing import Annotated

import typer

from webapp import clock, loops
from webapp.accounts import links, people
from webapp.cli.opening import open_installation, running
from webapp.engine.supervisor import Role, Supervisor, slot_roles, slots_of
from webapp.errors import UserError
from webapp.installation import Installation, build
from webapp.maintenance.clock_steps import LOOK_EVERY, ClockWatch
from webapp.maintenance.housekeeping import EVERY, Housekeeping
from webapp.settings import Settings, load, read_slots

PORT_SECONDS = 10.0  # how long a dying predecessor may hold the port
Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)]


def serve(host: Host = None, port: Port = None, open_browser: Annotated[bool, typer.Option("--open")] = False) -> None:
    """Run the panel on this machine: the web and the slots."""
    settings = _settings(host, port)
    slots = slots_of(settings)
    with running(settings, alone=True) as installation, _listening(settings) as listening:
        address = _address(settings, listening)
        _say_where(installation, address)
        if open_browser:
            threading.Timer(1.5, webbrowser.open, [address]).start()
        roles = [_web_role(listening, needs_slots=bool(slots)), *slot_roles(build, slots)]
        _run(installation, roles)


def web(
    host: Host = None, port: Port = None, processes: Annotated[int, typer.Option(help="How many.", min=1, max=64)] = 1
) -> None:
    """Run the web only; slots run elsewhere (outtray worker)."""
    settings = _settings(host, port)
    with running(settings, alone=False) as installation, _listening(settings) as listening:
        _say_where(installation, _address(settings, listening))
        roles = [_web_role(listening, needs_slots=False)] * processes
        # The background engine works in the web process, so nothing else on this machine runs the loops.
        Supervisor(installation, roles).run() if settings.engine != "background" else _run(installation, roles)


def worker(
    slots: Annotated[str, typer.Option(help="Slots per queue, such as notify:1,quick:1,mail:2,reports:1.")] = "",
) -> None:
    """Run slots only."""
    settings = load()
    if settings.engine == "background":
        raise UserError("OUTTRAY_ENGINE: the background engine works inside the web process; it has no workers.")
    try:
        wanted = read_slots(slots) if slots else settings.slots
    except ValueError as error:
        raise typer.BadParameter(f"{error}") from None
    with running(settings, alone=False) as installation:
        _run(installation, slot_roles(build, wanted))


def migrate() -> None:
    """Bring the database up to date."""
    open_installation(load(), migrate=True)
    print("The database is up to date.")


def _settings(host: str | None, port: int | None) -> Settings:
    given = {"host": host, "port": port}
    return load(**{name: value for name, value in given.items() if value is not None})


def _run(installation: Installation, roles: list[Role]) -> None:
    """Keeps the processes alive and runs the loops of this machine until a signal ends them."""
    stop = threading.Event()
    housekeeping, watch = Housekeeping(installation), ClockWatch(installation)
    housekeeping.begin()
    watch.begin()
    for name, step, every in ((loops.RETENTION, housekeeping.step, EVERY), (loops.CLOCK, watch.step, LOOK_EVERY)):
        given = (name, step, every, stop, installation.run_dir)
        threading.Thread(target=loops.run_forever, args=given, daemon=True).start()
    Supervisor(installation, roles).run()
    stop.set()


def _web_role(listening: socket.socket, *, needs_slots: bool) -> Role:
    from webapp.serving import process

    return Role("web", process.main, (listening, needs_slots))


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """Yields the listening socket; waits until a predecessor has released the port."""
    end = clock.monotonic() + PORT_SECONDS
    while True:
        try:
            listening = _bind(settings)
            break
        except OSError as error:
            if error.errno != errno.EADDRINUSE or clock.monotonic() > end:
                words = "is used by another program" if error.errno == errno.EADDRINUSE else f"{error.strerror}"
                raise UserError(f"Cannot listen on {settings.host} port {settings.port}: {words}.") from None
            time.sleep(0.1)
    with listening:
        yield listening


def _bind(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
        listening.listen(2048)
    except OSError:
        listening.close()
        raise
    return listening


def _address(settings: Settings, listening: socket.socket) -> str:
    port = listening.getsockname()[1]
    return settings.base_url or settings.model_copy(update={"port": port}).address


def _say_where(installation: Installation, address: str) -> None:
    print(f"Outtray is at {address}", flush=True)
    with installation.write() as conn:
        if not people.has_admin(conn):
            print(f"Make the first admin: {address}/setup/{links.new_setup(conn)}", flush=True)
