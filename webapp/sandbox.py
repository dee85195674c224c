"""Runs one function in a fresh child process, under a limit of time and of memory."""

import contextlib
import errno
import os
import pickle
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any, TypeVar

from webapp.errors import UserError

T = TypeVar("T")

# A plain interpreter instead of multiprocessing: it starts in 12 ms, needs no server process that stays (forkserver
# and its resource tracker: 15 MB for each process that ever called), does not run the caller's main module again, and
# may be started from a daemonic process and from any thread.
_START = "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); from webapp.sandbox import _child; _child()"
# Without this each thread of Arrow and numpy reserves memory of its own, which the limit would count.
_FRUGAL = {"MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1"}
_FRUGAL |= {"OPENBLAS_NUM_THREADS": "1", "RUST_BACKTRACE": "0"}
_OUT_OF_MEMORY = b"out of memory"
_END = b"\nend"  # an answer without it was cut off


def call(
    function: Callable[..., T],
    *args: object,
    seconds: float,
    memory_mb: int,
    what: str = "This",
    advice: str = "Try a smaller file.",
) -> T:
    """What `function(*args)` returns or raises, from a child that is gone afterwards, whatever happens.

    `function` must be importable by its name. A child that takes longer than `seconds`, wants more than `memory_mb`
    or dies raises UserError; `what` begins its words (the file's name, in quotes), `advice` ends them.
    """
    with contextlib.ExitStack() as stack:
        child = stack.enter_context(_started())
        stack.callback(child.kill)
        too_late = threading.Event()
        timer = threading.Timer(seconds, _end, (child, too_late))
        timer.daemon = True
        timer.start()
        stack.callback(timer.join)
        stack.callback(timer.cancel)
        answer = _asked(child, pickle.dumps((memory_mb, function, args)))
        child.wait()
    if answer.endswith(_END):
        return _result(answer, _too_big(what, memory_mb, advice))  # type: ignore[no-any-return]
    if too_late.is_set():
        raise UserError(f"{what} took longer than {seconds:g} seconds and was stopped. {advice}")
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
    if answer == _OUT_OF_MEMORY + _END:
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


def _child() -> None:
    answers = os.dup(1)
    os.dup2(2, 1)  # what the function prints goes to the log, not into the answer
    sys.excepthook = partial(_send_error, answers)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    memory_mb, function, args = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own parent wrote it
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    _limit(memory_mb)
    _send(answers, pickle.dumps(("result", function(*args))))


def _end_with_the_parent() -> None:
    os.read(0, 1)
    os._exit(1)


def _limit(memory_mb: int) -> None:
    # RLIMIT_DATA, not RLIMIT_AS: importing pyarrow maps 330 MB of libraries, of which 120 MB count as data.
    if sys.platform == "win32":
        return
    import resource

    os.nice(5)
    size = memory_mb << 20
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(ValueError):  # a lower limit of the machine's own stays
        resource.setrlimit(resource.RLIMIT_DATA, (size, size))


def _send_error(answers: int, cls: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if _is_out_of_memory(error):
        _send(answers, _OUT_OF_MEMORY)
        return
    technical = "".join(traceback.format_exception(cls, error, trace))
    try:
        answer = pickle.dumps(("error", cls, error.args, error.__dict__, technical))
    except (pickle.PicklingError, TypeError, AttributeError):
        answer = pickle.dumps(("error", RuntimeError, (str(error),), {}, technical))
    _send(answers, answer)


def _is_out_of_memory(error: BaseException) -> bool:
    # Where memory ends inside an import, CPython 3.11 raises "compile returned NULL without setting an exception", and
    # the loader "failed to map segment from shared object".
    if isinstance(error, ImportError):
        return "failed to map segment" in str(error) or "cannot allocate memory" in str(error).lower()
    return isinstance(error, MemoryError | SystemError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM)


def _send(answers: int, answer: bytes) -> None:
    with open(answers, "wb") as out:
        out.write(answer + _END)
