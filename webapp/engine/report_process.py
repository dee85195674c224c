"""Runs one task in a fresh process that ends with it: its memory goes back, and cancelling it is a kill."""

import logging
import multiprocessing
import os
import resource
import signal
import threading
import time
from functools import partial
from multiprocessing.connection import Connection as Pipe

from webapp import logs
from webapp.engine import cancel_watch
from webapp.errors import TaskError
from webapp.settings import Settings
from webapp.tasks import commands
from webapp.tasks.cancellation import Control, StopRequest
from webapp.tasks.model import Task
from webapp.tasks.resources import Build, TaskResources
from webapp.tasks.running import endings, run

NICE = 10
TOO_LONG = "It took longer than {} seconds, the most that a report may take, and was stopped. No file was made."
log = logging.getLogger("outtray.engine")


def runs_in_child(resources: TaskResources, task: Task) -> bool:
    """True if the kind wants a process of its own; False for a kind that is not installed."""
    kind = resources.find_kind(task.kind)
    return kind is not None and kind.in_child


def run_in_child(build: Build, installation: TaskResources, task: Task, control: Control) -> None:
    """Returns when the child has ended and what became of the task is written down."""
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("forkserver")
    child = context.Process(target=_main, args=(build, installation.settings, task, theirs), daemon=True)
    child.start()
    theirs.close()
    grace = cancel_watch.grace_of(installation, task)
    deadline = time.monotonic() + installation.settings.report_seconds
    try:
        while child.is_alive():
            if time.monotonic() > deadline:
                child.kill()
                child.join()
                return _failed(
                    installation, task, TOO_LONG.format(f"{installation.settings.report_seconds:,}"), "report-time"
                )
            child.join(0.1 if control.requested else cancel_watch.LOOK_EVERY)
            _listen(installation, task, control)
            if child.is_alive() and cancel_watch.is_overdue(control, grace):
                child.kill()
                child.join()
                ending = partial(cancel_watch.force_end, resources=installation, task=task, request=control.requested)
                return run.end(installation, ending)
    finally:
        ours.close()
    _after_death(installation, task, child.exitcode or 0)


def _listen(resources: TaskResources, task: Task, control: Control) -> None:
    with resources.read() as conn:
        is_ours, request = run.request_of(conn, task)
    if is_ours and request is StopRequest.CANCEL:
        control.request(StopRequest.CANCEL)


def _failed(installation: TaskResources, task: Task, words: str, cause: str) -> None:
    error = TaskError(words, cause=cause, fault="form")
    run.end(installation, lambda conn: endings.failed(conn, installation, task, error, endings.new_reference()))


def _after_death(installation: TaskResources, task: Task, code: int) -> None:
    """A child that ended without an ending of its task was killed: by the system, or by somebody."""
    with installation.read() as conn:
        is_ours, _ = run.request_of(conn, task)
    if is_ours and code == -signal.SIGABRT:  # how libraries end that are refused the memory they ask for
        _failed(installation, task, run.no_memory(installation).words, "report-memory")
    elif is_ours:
        log.warning("the process of task %s was killed", task.id)
        with installation.write() as conn:
            commands.recover(conn, installation.engine, task.id, task.attempt, counted=True)


def _main(build: Build, settings: Settings, task: Task, pipe: Pipe) -> None:
    logs.set_up(settings.log_format)
    os.nice(NICE)
    _limit_memory(settings.report_memory_mb)
    threading.Thread(target=_end_with_parent, args=(pipe,), daemon=True).start()
    run.perform(build(settings), task, Control())


def _limit_memory(megabytes: int) -> None:
    """A report that wants more fails in plain words and takes nothing else down."""
    limit = megabytes << 20
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (limit if hard < 0 else min(limit, hard), hard))


def _end_with_parent(pipe: Pipe) -> None:
    try:
        pipe.recv()
    except (EOFError, OSError):
        os._exit(1)
