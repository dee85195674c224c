"""Runs one function in a fresh child process, under limits of time and memory; few at once, by turns."""

import contextlib
import math
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from webapp.errors import UserError
from webapp.sandbox_child import END, OUT_OF_MEMORY
from webapp.sandbox_permits import permit

T = TypeVar("T")

# A plain interpreter instead of multiprocessing: it starts in 12 ms, needs no server process that stays (forkserver
# and its resource tracker: 15 MB for each process that ever called), does not run the caller's main module again, and
# may be started from a daemonic process and from any thread.
_START = "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); from webapp.sandbox_child import run; run()"
# Without this each thread of Arrow and numpy reserves memory of its own, which the limit would count.
_FRUGAL = {"MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1"}
_FRUGAL |= {"OPENBLAS_NUM_THREADS": "1", "RUST_BACKTRACE": "0"}
_OUT_OF_TIME = getattr(signal, "SIGXCPU", 0)


def call(
    function: Callable[..., T],
    *args: object,
    seconds: float,
    memory_mb: int,
    wall_seconds: float | None = None,
    uses_network: bool = False,
    what: str = "This",
    advice: str = "Try a smaller file.",
) -> T:
    """Returns or raises what `function(*args)` does, from a child that is gone afterwards, whatever happens.

    `function` must be importable by its name. A child that needs more than `seconds` of a core or `memory_mb` of
    memory, or dies, raises UserError; `what` begins its message (the file's name, in quotes), `advice` ends it.
    `wall_seconds` is for a child that sleeps: without it several times `seconds`, or with `uses_network` as many,
    because then the time that another server takes is meant. Raises Busy if no permit was to be had in time.
    """
    wall = wall_seconds or (seconds if uses_network else 3 * seconds + 30)
    with permit(uses_network=uses_network), contextlib.ExitStack() as stack:
        child = stack.enter_context(_started())
        stack.callback(child.kill)
        too_late = threading.Event()
        timer = threading.Timer(wall, _end, (child, too_late))
        timer.daemon = True
        timer.start()
        stack.callback(timer.join)
        stack.callback(timer.cancel)
        answer = _asked(child, pickle.dumps((memory_mb, math.ceil(seconds), function, args)))
        child.wait()
    if answer.endswith(END):
        return _result(answer, _too_big(what, memory_mb, advice))  # type: ignore[no-any-return]
    if too_late.is_set():
        hint = "" if uses_network else " This machine may be busy: try again in a minute."
        raise UserError(f"{what} took longer than {wall:g} seconds and was stopped.{hint} {advice}")
    if -child.returncode == _OUT_OF_TIME:
        raise UserError(f"{what} needs more than {seconds:g} seconds of computing time and was stopped. {advice}")
    if child.returncode < 0 or os.name == "nt":
        raise _too_big(what, memory_mb, advice)
    raise RuntimeError(f"A child process ended with code {child.returncode} and without an answer.")


def _started() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-c", _START],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | _FRUGAL,
    )


def _end(child: subprocess.Popen[bytes], too_late: threading.Event) -> None:
    too_late.set()
    child.kill()


def _asked(child: subprocess.Popen[bytes], question: bytes) -> bytes:
    assert child.stdin is not None
    assert child.stdout is not None
    with contextlib.suppress(BrokenPipeError):  # it died before it read all: the exit code tells
        child.stdin.write(pickle.dumps(sys.path) + question)
        child.stdin.flush()
    return child.stdout.read()  # stdin stays open: its end tells the child that nobody waits any more


def _result(answer: bytes, too_big: UserError) -> Any:
    if answer == OUT_OF_MEMORY + END:
        raise too_big
    kind, *rest = pickle.loads(answer)  # noqa: S301 - our own child wrote it
    if kind == "result":
        return rest[0]
    raise _revived(*rest)


def _too_big(what: str, memory_mb: int, advice: str) -> UserError:
    return UserError(
        f"{what} was stopped: it needs more memory than one file may take ({memory_mb:,} MB), or it is broken. {advice}"
    )


def _revived(cls: type[BaseException], args: tuple[Any, ...], state: dict[str, Any], technical: str) -> BaseException:
    # Not cls(*args): FormErrors and others take something else than what they hand to Exception.
    error = cls.__new__(cls, *args)
    error.__dict__.update(state)
    error.add_note(technical)
    return error
