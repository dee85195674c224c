"""Runs the background engine inside a web process: its loop in one thread, its tasks in a few others."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from webapp import loops
from webapp.engine.background import BackgroundEngine
from webapp.engine.recovery import Recovery
from webapp.engine.report_process import run_in_child, runs_in_child
from webapp.engine.task_watch import TaskWatch
from webapp.engine.worker_locks import WorkerLock, new_worker
from webapp.tasks.cancellation import Control, StopRequest
from webapp.tasks.resources import Build, TaskResources
from webapp.tasks.running import run

STOP_SECONDS = 6.0
RECOVER_EVERY = 2.0  # seconds between two checks for tasks of another web process that died


class WebSlot:
    """ports.WorkerSlot without a process of its own; it serves all queues."""

    def __init__(self, queues: Sequence[str], worker: str) -> None:
        self.queues, self.worker = queues, worker
        self.has_stopped, self._wakeup = threading.Event(), threading.Event()
        self.controls: set[Control] = set()

    @property
    def stopping(self) -> bool:
        return self.has_stopped.is_set()

    def wait(self, seconds: float) -> bool:
        woken = self._wakeup.wait(seconds)
        self._wakeup.clear()
        return woken

    def wake(self) -> None:
        self._wakeup.set()

    def stop(self) -> None:
        """Starts no more tasks; running tasks get a few seconds to finish, or are requeued."""
        self.has_stopped.set()
        for control in list(self.controls):
            control.request(StopRequest.STOP)
        self.wake()


@contextmanager
def working(installation: TaskResources, build: Build) -> Iterator[None]:
    """Runs the tasks of a background engine in this process during the block; does nothing for other engines."""
    if not isinstance(installation.engine, BackgroundEngine):
        yield
        return
    worker = new_worker("web")
    lock = WorkerLock(installation.run_dir, worker)
    lock.take()
    watch = TaskWatch(installation)
    slot = WebSlot(list(installation.settings.slots), worker)
    threads = [
        threading.Thread(
            target=installation.engine.work,
            args=(slot, lambda task_id: _run_one(installation, build, watch, slot, task_id)),
        ),
        threading.Thread(
            target=loops.run_forever,
            args=(loops.RECOVERY, Recovery(installation).look, RECOVER_EVERY, slot.has_stopped, installation.run_dir),
            daemon=True,
        ),
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        slot.stop()
        threads[0].join(STOP_SECONDS)
        installation.engine.wait(STOP_SECONDS)
        watch.close()
        lock.release()


def _run_one(installation: TaskResources, build: Build, watch: TaskWatch, slot: WebSlot, task_id: int) -> None:
    task = run.claim(installation, task_id, slot.worker)
    if task is None:
        return
    control = Control()
    slot.controls.add(control)
    if slot.stopping:
        control.request(StopRequest.STOP)
    try:
        if runs_in_child(installation, task):
            return run_in_child(build, installation, watch, task, control)
        # A thread cannot be killed: after a forced end, the task's next write raises Superseded.
        with watch.watching(task, control, give_up=lambda: None):
            run.perform(installation, task, control)
    finally:
        slot.controls.discard(control)
