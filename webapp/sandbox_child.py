"""The child of a sandbox: takes its limits, runs the function that it was sent, and answers."""

import contextlib
import errno
import os
import pickle
import signal
import sys
import threading
import traceback
from functools import partial
from types import TracebackType

OUT_OF_MEMORY = b"out of memory"
END = b"\nend"  # an answer without it was cut off


def run() -> None:
    """Runs the function that comes in on standard input; its result or its error goes out on standard output."""
    answers = os.dup(1)
    os.dup2(2, 1)  # what the function prints goes to the log, not into the answer
    sys.excepthook = partial(_send_error, answers)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    memory_mb, cpu_seconds, function, args = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own parent wrote it
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    _limit(memory_mb, cpu_seconds)
    _send(answers, pickle.dumps(("result", function(*args))))


def _end_with_the_parent() -> None:
    os.read(0, 1)
    os._exit(1)


def _limit(memory_mb: int, cpu_seconds: int) -> None:
    # RLIMIT_DATA, not RLIMIT_AS: importing pyarrow maps 330 MB of libraries, of which 120 MB count as data.
    if sys.platform == "win32":
        return
    import resource

    os.nice(5)
    size = memory_mb << 20
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(ValueError):  # a lower limit of the machine's own stays
        resource.setrlimit(resource.RLIMIT_DATA, (size, size))
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))


def _send_error(answers: int, cls: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if _is_out_of_memory(error):
        _send(answers, OUT_OF_MEMORY)
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
        out.write(answer + END)
