"""Runs the background engine inside a web process: its loop in one thread, its tasks in a few others."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from webapp.engine import recovery
from webapp.engine.background import BackgroundEngine
from webapp.engine.cancel_watch import watched
from webapp.engine.report_process import run_in_child
from webapp.engine.worker_locks import WorkerLock, new_worker
from webapp.tasks.cancellation import Control
from webapp.tasks.resources import Build, TaskResources
from webapp.tasks.running import run

STOP_SECONDS = 9.0
LOOK_AFTER_LOST = 2.0  # seconds between two looks for tasks of another web process that died


class WebSlot:
    """ports.Slot without a process of its own; it stands for all queues."""

    def __init__(self, queues: Sequence[str], worker: str) -> None:
        self.queues, self.worker = queues, worker
        self._stopping, self._poked = threading.Event(), threading.Event()
        self.controls: set[Control] = set()

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def wait(self, seconds: float) -> bool:
        poked = self._poked.wait(seconds)
        self._poked.clear()
        return poked

    def wake(self) -> None:
        self._poked.set()

    def stop(self) -> None:
        """Begins nothing new; what runs may finish for a while, or is put back."""
        self._stopping.set()
        for control in list(self.controls):
            control.ask("stop")
        self.wake()


@contextmanager
def working(installation: TaskResources, build: Build) -> Iterator[None]:
    """For as long as the block runs, this process runs the tasks of its background engine; else nothing happens."""
    if not isinstance(installation.engine, BackgroundEngine):
        yield
        return
    worker = new_worker("web")
    lock = WorkerLock(installation.run_dir, worker)
    lock.take()
    slot = WebSlot(list(installation.settings.slots), worker)
    threads = [
        threading.Thread(
            target=installation.engine.work, args=(slot, lambda task_id: _run_one(installation, build, slot, task_id))
        ),
        threading.Thread(target=_look_after_lost, args=(installation, slot), daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        slot.stop()
        threads[0].join(STOP_SECONDS)
        installation.engine.wait(STOP_SECONDS)
        lock.release()


def _run_one(installation: TaskResources, build: Build, slot: WebSlot, task_id: int) -> None:
    task = run.claim(installation, task_id, slot.worker)
    if task is None:
        return
    control = Control()
    slot.controls.add(control)
    if slot.stopping:
        control.ask("stop")
    try:
        if installation.kind(task.kind).in_child:
            return run_in_child(build, installation, task, control)
        # A thread cannot be killed: once its task has been ended over its head, its next write meets Superseded.
        with watched(installation, task, control, give_up=lambda: None):
            run.perform(installation, task, control)
    finally:
        slot.controls.discard(control)


def _look_after_lost(installation: TaskResources, slot: WebSlot) -> None:
    wait = threading.Event()
    lost = recovery.Recovery(installation)
    while not slot.stopping:
        lost.put_back_lost(own={slot.worker})
        wait.wait(LOOK_AFTER_LOST)
