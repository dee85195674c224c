"""Runs one task in a new process that ends with it: its memory is freed, and a kill cancels it."""

import logging
import multiprocessing
import os
import resource
import signal
import threading
import time
from functools import partial
from multiprocessing.connection import Connection as Pipe
from multiprocessing.context import ForkServerProcess
from typing import Any

from webapp import clock, logs
from webapp.engine.task_watch import TaskWatch
from webapp.errors import TaskError
from webapp.references import new_reference
from webapp.settings import Settings
from webapp.tasks import commands
from webapp.tasks.cancellation import Control
from webapp.tasks.model import Task
from webapp.tasks.patience import Patience
from webapp.tasks.resources import Build, TaskResources
from webapp.tasks.running import endings, run
from webapp.tasks.transitions import is_running

NICE = 10
START_PAUSES = (0.1, 0.5, 2.0)  # seconds after each start that failed
MOST_DEATHS = 2  # of a child that dies while its slot lives
TOO_LONG = "It took longer than {} seconds, the limit for a report, and was stopped. No file was made."
log = logging.getLogger("outtray.engine")


def runs_in_child(resources: TaskResources, task: Task) -> bool:
    """Returns True if the kind wants a process of its own; False for a kind that is not installed."""
    kind = resources.find_kind(task.kind)
    return kind is not None and kind.in_child


def run_in_child(build: Build, resources: TaskResources, watch: TaskWatch, task: Task, control: Control) -> None:
    """Returns when the child has ended and the task's ending is written."""
    ours, theirs = multiprocessing.Pipe()
    with theirs:
        child = _start((build, resources.settings, task, theirs))
    if child is None:
        ours.close()
        return _requeue(resources, task, control, "The process of the task could not be started.")
    deadline = clock.monotonic() + resources.settings.report_seconds
    with watch.watching(task, control, give_up=child.kill), ours:
        while child.is_alive() and clock.monotonic() < deadline:
            child.join(min(1.0, max(0.0, deadline - clock.monotonic())))
        is_late = child.is_alive()
        child.kill()
        child.join()
        if is_late:
            message = TOO_LONG.format(f"{resources.settings.report_seconds:,}")
            return _fail(resources, task, control, message, "report-time")
        _after_death(resources, task, control, child.exitcode or 0)


def _start(args: tuple[Any, ...]) -> ForkServerProcess | None:
    """Returns a started child; None if none could be started: the fork server died, or no file handles are left."""
    context = multiprocessing.get_context("forkserver")
    for pause in START_PAUSES:
        child = context.Process(target=_main, args=args, daemon=True)
        try:
            child.start()
            return child
        except (EOFError, OSError) as error:  # the next start creates a new fork server
            log.warning("the process of a task did not start and is started again: %r", error)
            time.sleep(pause)
    return None


def _fail(resources: TaskResources, task: Task, control: Control, message: str, cause: str) -> None:
    error = TaskError(message, cause=cause, fault="form")
    ending = partial(endings.failed, resources=resources, task=task, error=error, reference=new_reference())
    run.end(resources, task, control, ending)


def _after_death(resources: TaskResources, task: Task, control: Control, code: int) -> None:
    """Handles a child that died without an ending of its task: killed by the system, or by a fault of native code."""
    if not Patience(resources, control).read(partial(is_running, task_id=task.id, attempt=task.attempt)):
        return
    if code == -signal.SIGABRT:  # libraries abort if they get no memory
        return _fail(resources, task, control, run.no_memory(resources).message, "report-memory")
    _requeue(resources, task, control, f"The process of the task died: {_how(code)}.")


def _requeue(resources: TaskResources, task: Task, control: Control, technical: str) -> None:
    """Puts the task back into its queue; the second time without progress it fails with this technical text."""
    log.warning("task %s: %s", task.id, technical)
    recovering = partial(
        commands.recover,
        engine=resources.engine,
        task_id=task.id,
        attempt=task.attempt,
        counted=True,
        most_crashes=MOST_DEATHS,
        technical=technical,
    )
    run.end(resources, task, control, recovering)


def _how(code: int) -> str:
    """Returns the signal or exit code of a process as text."""
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _main(build: Build, settings: Settings, task: Task, pipe: Pipe) -> None:
    logs.set_up(settings.log_format)
    os.nice(NICE)
    _limit_memory(settings.report_memory_mb)
    threading.Thread(target=_end_with_parent, args=(pipe,), daemon=True).start()
    run.perform(build(settings), task, Control())


def _limit_memory(megabytes: int) -> None:
    """Limits the memory: a report that needs more fails with a message and harms no other process."""
    limit = megabytes << 20
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (limit if hard < 0 else min(limit, hard), hard))


def _end_with_parent(pipe: Pipe) -> None:
    try:
        pipe.recv()
    except (EOFError, OSError):
        os._exit(1)
