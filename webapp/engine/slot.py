"""A slot: a process that runs one task at a time, or a few that mostly wait, while its supervisor lives."""

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection as Pipe

from webapp import clock, logs, loops
from webapp.engine.report_process import run_in_child, runs_in_child
from webapp.engine.task_watch import STOP_SECONDS, TaskWatch
from webapp.engine.wakeup import Wakeup
from webapp.engine.worker_locks import WorkerLock
from webapp.settings import AT_ONCE, Settings
from webapp.tasks.cancellation import Control, StopRequest
from webapp.tasks.model import Task
from webapp.tasks.resources import Build, TaskResources
from webapp.tasks.running import run

BEAT_EVERY = 1.0  # seconds
STUCK_SECONDS = 30.0
ORPHAN_SECONDS = 3.0  # time for a slot whose supervisor died to settle the message in flight


class ProcessSlot:
    """ports.WorkerSlot in a process of its own."""

    def __init__(self, build: Build, resources: TaskResources, queues: Sequence[str], worker: str) -> None:
        self.queues, self.worker = queues, worker
        self._build, self._resources = build, resources
        self._watch = TaskWatch(resources)
        self._wakeups = Wakeup(resources.run_dir).listen(queues[0], worker)
        self.has_stopped = threading.Event()
        self._stopped = 0.0
        self._controls: set[Control] = set()
        self._at_once = AT_ONCE.get(queues[0], 1)
        self._permits = threading.Semaphore(self._at_once)
        self._moved = clock.monotonic()

    @property
    def stopping(self) -> bool:
        return self.has_stopped.is_set()

    def wait(self, seconds: float) -> bool:
        self._moved = clock.monotonic()
        return self._wakeups.wait(seconds)

    def wake(self) -> None:
        self._wakeups.ring()

    def stop(self) -> None:
        """Starts no more tasks; the running task may finish, or is requeued."""
        self._stopped = clock.monotonic()
        self.has_stopped.set()
        for control in list(self._controls):
            control.request(StopRequest.STOP)
        self.wake()

    def require_movement(self) -> None:
        """Raises RuntimeError if the loop of this slot is stuck: it neither waits for work nor runs a task."""
        if not self._watch.is_busy and clock.monotonic() - self._moved > STUCK_SECONDS:
            raise RuntimeError(f"{self.worker} has not checked for work for {STUCK_SECONDS:g} s")

    def run_one(self, task_id: int, give_up: Callable[[], None]) -> None:
        """Claims a task when a permit is free and runs it: to its end, or in a thread beside others."""
        self._permits.acquire()
        task = None
        try:
            task = run.claim(self._resources, task_id, self.worker)
        finally:
            if task is None:
                self._permits.release()
        if task is None:
            return
        if self._at_once == 1:
            self._perform(task, give_up)
        else:
            # A thread cannot be killed, and a kill of this process would end its other tasks. After a
            # forced end, the task's next write raises Superseded.
            threading.Thread(target=self._perform, args=(task, lambda: None), daemon=True).start()

    def close(self) -> None:
        """Waits until every running task has finished or was requeued by force."""
        until = self._stopped + STOP_SECONDS + 1
        for _ in range(self._at_once):
            self._permits.acquire(timeout=max(0.0, until - clock.monotonic()))
        self._watch.close()
        self._wakeups.close()

    def _perform(self, task: Task, give_up: Callable[[], None]) -> None:
        control = Control()
        self._controls.add(control)
        if self.stopping:
            control.request(StopRequest.STOP)
        try:
            if runs_in_child(self._resources, task):
                run_in_child(self._build, self._resources, self._watch, task, control)
            else:
                with self._watch.watching(task, control, give_up):
                    run.perform(self._resources, task, control)
        finally:
            self._controls.discard(control)
            self._permits.release()


def main(settings: Settings, build: Build, queue: str, worker: str, pipe: Pipe) -> None:
    """Runs a slot's process from start to end; its supervisor has the other end of `pipe`."""
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)  # a Ctrl-C reaches the whole group: the supervisor decides
    logs.set_up(settings.log_format)
    installation = build(settings)
    lock = WorkerLock(installation.run_dir, worker)
    lock.take()
    slot = ProcessSlot(build, installation, [queue], worker)
    threading.Thread(target=handle, args=(pipe, slot), daemon=True).start()
    beating = (worker, slot.require_movement, BEAT_EVERY, slot.has_stopped, installation.run_dir)
    threading.Thread(target=loops.run_forever, args=beating, daemon=True).start()
    if not installation.database.is_sqlite:
        from webapp.engine.pg_listen import ring_on_notify

        threading.Thread(target=ring_on_notify, args=(settings.database, slot), daemon=True).start()
    try:
        pipe.send("ready")
    except BrokenPipeError:  # the supervisor died while this started
        return
    installation.engine.work(slot, lambda task_id: slot.run_one(task_id, give_up=lambda: os._exit(3)))
    slot.close()
    lock.release()


def handle(pipe: Pipe, slot: ProcessSlot) -> None:
    """Stops the slot on a message of the supervisor; a closed pipe means that it died: then this process ends too."""
    try:
        while True:
            pipe.recv()  # the only message is: stop
            slot.stop()
    except (EOFError, OSError):
        slot.stop()
        time.sleep(ORPHAN_SECONDS)
        os._exit(1)
