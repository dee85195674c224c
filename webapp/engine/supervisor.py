"""Starts the web and slot processes of one machine, restarts those that die or freeze, and stops all at the end."""

import contextlib
import logging
import multiprocessing
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import connection
from multiprocessing.connection import Connection as Pipe
from multiprocessing.context import ForkServerProcess
from typing import Any

from webapp import clock, loops
from webapp.engine import slot
from webapp.engine.recovery import Recovery, is_alive
from webapp.engine.worker_locks import new_worker
from webapp.settings import Settings
from webapp.tasks.resources import Build, TaskResources

TICK = 0.5  # seconds between two checks of children, and of tasks whose worker died while that is likely
ALERT_SECONDS = 15.0  # after a start or a death; a predecessor's children may take a few seconds to end
CALM_TICKS = 8  # ticks between two checks otherwise: an idle installation should use no CPU
FROZEN_TICKS = 12  # ticks for which a heartbeat may be late before its process is killed
MISSING_TICKS = 30  # the same for one that is missing: living processes write theirs again within 10 ticks
FIRST_BEAT_SECONDS = 120.0  # a start on a busy machine may take long
STOP_SECONDS = 7.0  # for the children; the whole stop takes at most 10
LAST_LOOK_SECONDS = 0.8
CALM_SECONDS = 30.0  # a child that lived this long is restarted at once
PRELOAD = ["webapp.preload"]  # shared by all slots: 11 MB a slot instead of 32
log = logging.getLogger("outtray.supervisor")


@dataclass(frozen=True)
class Role:
    """A child to keep alive: `target` gets its worker name and its end of a pipe as its last arguments."""

    name: str
    target: Callable[..., None]
    args: tuple[Any, ...] = ()


@dataclass
class Child:
    """A living child."""

    role: Role
    worker: str
    process: ForkServerProcess
    pipe: Pipe
    born: float = field(default_factory=clock.monotonic)
    has_beaten: bool = False


class Supervisor:
    """One machine's processes. The database is used in a thread of its own: an outage must not stop supervision."""

    def __init__(self, resources: TaskResources, roles: list[Role]) -> None:
        self._resources, self._roles = resources, roles
        self._context = multiprocessing.get_context("forkserver")
        self._children: list[Child] = []
        self._due: list[tuple[float, Role]] = []  # when to restart which role
        self._late: Counter[str] = Counter()  # ticks for which the heartbeat of a worker was late
        self._alert_until = clock.monotonic() + ALERT_SECONDS
        self._recovery = Recovery(resources)
        self._ticks = 0
        self._ended = threading.Event()
        self._stop, self._stopped = socket.socketpair()

    def run(self) -> None:
        """Supervises until a signal requests the end; returns when every child has ended."""
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(name, lambda number, frame: self._stop.send(b"!"))
        self._context.set_forkserver_preload(PRELOAD)
        for role in self._roles:
            self._start(role)
        looking = (loops.RECOVERY, self._look, TICK, self._ended, self._resources.run_dir)
        threading.Thread(target=loops.run_forever, args=looking, daemon=True).start()
        while not self._wait():
            try:
                self._start_again()
                self._kill_frozen()
            except Exception:  # an error with one child must not end the supervision of all others
                log.exception("a step of the supervisor failed")
        self._end()

    def _look(self) -> None:
        self._ticks += 1
        if clock.monotonic() < self._alert_until or self._ticks % CALM_TICKS == 0:
            self._recovery.look()

    def _start(self, role: Role) -> None:
        worker = new_worker(role.name)
        try:
            ours, theirs = self._context.Pipe()
        except OSError as error:  # no file handles: tried again
            return self._retry_later(role, worker, error)
        process = self._context.Process(
            target=role.target, args=(self._resources.settings, *role.args, worker, theirs), name=worker
        )
        try:
            process.start()
        except (EOFError, OSError) as error:  # the fork server died meanwhile: the next start creates a new one
            ours.close()
            self._retry_later(role, worker, error)
        else:
            self._children.append(Child(role, worker, process, ours))
        finally:
            theirs.close()

    def _retry_later(self, role: Role, worker: str, error: Exception) -> None:
        log.warning("%s did not start and is started again: %r", worker, error)
        self._due.append((clock.monotonic() + TICK, role))

    def _wait(self) -> bool:
        """Waits until something happens or a tick has passed; returns True when it is time to stop."""
        sentinels = {child.process.sentinel: child for child in self._children}
        for ready in connection.wait([*sentinels, self._stopped], TICK):
            if ready is self._stopped:
                return True
            self._replace(sentinels[ready])  # type: ignore[index]
        return False

    def _replace(self, child: Child) -> None:
        # The death of the fork server fires the sentinels of children that still live: closing the pipe and killing it
        # ensure that the old child does not run beside the new one.
        fork_server_died = is_alive(child.process.pid)
        child.pipe.close()
        child.process.kill()
        child.process.join()
        self._children.remove(child)
        log.warning("%s ended with %s and is started again", child.worker, child.process.exitcode)
        if not fork_server_died:
            self._recovery.blame(child.worker)
        self._forget(child)
        self._alert_until = clock.monotonic() + ALERT_SECONDS
        lived = clock.monotonic() - child.born
        pause = 0.0 if lived > CALM_SECONDS else min(5.0, 0.2 + 2.0 / (lived + 0.4))
        self._due.append((clock.monotonic() + pause, child.role))

    def _start_again(self) -> None:
        moment = clock.monotonic()
        due = [entry for entry in self._due if entry[0] <= moment]
        self._due = [entry for entry in self._due if entry[0] > moment]
        for _, role in due:
            self._start(role)

    def _kill_frozen(self) -> None:
        """Kills processes whose heartbeat is late or gone; their sentinels then trigger a restart.

        Ticks of this process are counted, not seconds: after a machine was suspended, all heartbeats are late at first.
        """
        beats = loops.heartbeats(self._resources.run_dir)
        own = beats.get(loops.RECOVERY)
        can_miss = own is not None and not own.is_late  # otherwise nobody here can write heartbeats
        for child in self._children:
            beat, lived = beats.get(child.worker), clock.monotonic() - child.born
            child.has_beaten |= beat is not None
            is_missing = beat is None and can_miss and (child.has_beaten or lived > FIRST_BEAT_SECONDS)
            is_late = is_missing or (beat is not None and beat.is_late)
            self._late[child.worker] = self._late[child.worker] + 1 if is_late else 0
            if self._late[child.worker] > (MISSING_TICKS if is_missing else FROZEN_TICKS):
                log.error("%s has not moved for %.0f s and is killed", child.worker, beat.age if beat else lived)
                child.process.kill()

    def _end(self) -> None:
        """Asks every child to finish, waits, kills the rest, and requeues their tasks."""
        for child in self._children:
            with contextlib.suppress(OSError):  # it has just died
                child.pipe.send("stop")
        end = clock.monotonic() + STOP_SECONDS
        for child in self._children:
            child.process.join(max(0.0, end - clock.monotonic()))
            if child.process.is_alive():
                log.warning("%s did not end in time and is killed", child.worker)
                child.process.kill()
                child.process.join()
            self._forget(child)
        self._ended.set()
        # If the database is away, the next start finds these tasks.
        last = threading.Thread(target=self._last_look, daemon=True)
        last.start()
        last.join(LAST_LOOK_SECONDS)

    def _last_look(self) -> None:
        with contextlib.suppress(Exception):
            self._recovery.look()

    def _forget(self, child: Child) -> None:
        self._late.pop(child.worker, None)
        loops.forget(self._resources.run_dir, child.worker)


def slot_roles(build: Build, slots: dict[str, int]) -> list[Role]:
    """Returns a role for each slot of each queue."""
    return [Role(queue, slot.main, (build, queue)) for queue, number in slots.items() for _ in range(number)]


def slots_of(settings: Settings) -> dict[str, int]:
    """Returns the slots that this machine should have: none if the web process runs tasks itself."""
    return {} if settings.engine == "background" else settings.slots
