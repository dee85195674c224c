"""Starts the web and the slots of one machine, starts again what dies, and takes everything down with itself."""

import logging
import multiprocessing
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import connection
from multiprocessing.connection import Connection as Pipe
from multiprocessing.context import ForkServerProcess
from typing import Any

from webapp.engine import recovery, slot
from webapp.engine.worker_locks import new_worker
from webapp.settings import Settings
from webapp.tasks.resources import Build, TaskResources

TICK = 0.5  # seconds between two looks for tasks whose worker died, while that is likely
ALERT_SECONDS = 15.0  # after a start or a death; a predecessor's children may take a few seconds to let go
CALM_TICKS = 8  # else only every so many ticks: nothing that stands idle should be busy
STOP_SECONDS = 10.0
CALM_SECONDS = 30.0  # a child that lived this long is started again at once
PRELOAD = ["webapp.preload"]  # shared by all slots: 11 MB a slot instead of 32
log = logging.getLogger("outtray.supervisor")


@dataclass(frozen=True)
class Role:
    """A child to keep alive: `start` gets its worker name and its end of a pipe."""

    name: str
    target: Callable[..., None]
    args: tuple[Any, ...] = ()
    runs_tasks: bool = True


@dataclass
class Child:
    """A living child."""

    role: Role
    worker: str
    process: ForkServerProcess
    pipe: Pipe
    born: float = field(default_factory=time.monotonic)


class Supervisor:
    """One machine's processes."""

    def __init__(self, installation: TaskResources, roles: list[Role]) -> None:
        self._house, self._roles = installation, roles
        self._context = multiprocessing.get_context("forkserver")
        self._children: list[Child] = []
        self._due: list[tuple[float, Role]] = []  # when to start which role again
        self._alert_until = time.monotonic() + ALERT_SECONDS
        self._recovery = recovery.Recovery(installation)
        self._stop, self._stopped = socket.socketpair()

    def run(self) -> None:
        """Returns when a signal has asked for the end and everything has ended."""
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(name, lambda number, frame: self._stop.send(b"!"))
        self._context.set_forkserver_preload(PRELOAD)
        for role in self._roles:
            self._start(role)
        ticks = 0
        while not self._wait():
            self._start_again()
            ticks += 1
            is_alert = time.monotonic() < self._alert_until or self._recovery.is_undecided
            if is_alert or ticks % CALM_TICKS == 0:
                self._recovery.put_back_lost(own={child.worker for child in self._children})
        self._end()

    def _start(self, role: Role) -> None:
        ours, theirs = self._context.Pipe()
        worker = new_worker(role.name)
        process = self._context.Process(
            target=role.target, args=(self._house.settings, *role.args, worker, theirs), name=worker
        )
        try:
            process.start()
        except (EOFError, OSError) as error:  # the fork server died while it was asked: a new one comes with the next
            log.warning("%s did not start and is started again: %r", worker, error)
            ours.close()
            self._due.append((time.monotonic() + TICK, role))
        else:
            self._children.append(Child(role, worker, process, ours))
        finally:
            theirs.close()

    def _wait(self) -> bool:
        """Until something happens or a tick has passed; True when it is time to stop."""
        sentinels = {child.process.sentinel: child for child in self._children}
        for ready in connection.wait([*sentinels, self._stopped], TICK):
            if ready is self._stopped:
                return True
            self._bury(sentinels[ready])  # type: ignore[index]
        return False

    def _bury(self, child: Child) -> None:
        # The death of the fork server fires the sentinels of children that still live: closing the pipe and a kill
        # make sure that what we start next is alone.
        fork_server_died = recovery.is_alive(child.process.pid)
        child.pipe.close()
        child.process.kill()
        child.process.join()
        self._children.remove(child)
        log.warning("%s ended with %s and is started again", child.worker, child.process.exitcode)
        if child.role.runs_tasks:
            recovery.put_back(self._house, child.worker, counted=not fork_server_died)
        self._alert_until = time.monotonic() + ALERT_SECONDS
        lived = time.monotonic() - child.born
        pause = 0.0 if lived > CALM_SECONDS else min(5.0, 0.2 + 2.0 / (lived + 0.4))
        self._due.append((time.monotonic() + pause, child.role))

    def _start_again(self) -> None:
        moment = time.monotonic()
        due = [entry for entry in self._due if entry[0] <= moment]
        self._due = [entry for entry in self._due if entry[0] > moment]
        for _, role in due:
            self._start(role)

    def _end(self) -> None:
        """Asks everybody to finish, waits, and kills what is left."""
        for child in self._children:
            child.pipe.send("stop")
        end = time.monotonic() + STOP_SECONDS
        for child in self._children:
            child.process.join(max(0.0, end - time.monotonic()))
            if child.process.is_alive():
                log.warning("%s did not end in time and is killed", child.worker)
                child.process.kill()
                child.process.join()
        self._recovery.put_back_lost()


def slot_roles(build: Build, slots: dict[str, int]) -> list[Role]:
    """A role for each slot of each queue."""
    return [Role(queue, slot.main, (build, queue)) for queue, number in slots.items() for _ in range(number)]


def slots_of(settings: Settings) -> dict[str, int]:
    """The slots that this machine should have: none where the web process does the work itself."""
    return {} if settings.engine == "background" else settings.slots
