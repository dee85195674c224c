"""Hands a context variable on to the threads that libraries start, and to the work that they give to pools.

A plain thread begins with an empty context, and a pool's thread has the context of whatever made it first: what
watches one sending would not be seen there, or that of another sending would be.
"""

import _thread
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any


def hand_on(variable: ContextVar[Any]) -> None:
    """Makes every thread, and every call in a pool, see the value of the one that asks for it; call it once."""
    _patch_threads(variable)
    _patch_plain_threads(variable)
    _patch_pools(variable)


def _patch_threads(variable: ContextVar[Any]) -> None:
    real = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        if (value := variable.get()) is not None:
            thread.run = _with(variable, value, thread.run)  # type: ignore[method-assign]
        real(thread)

    setattr(threading.Thread, "start", start)  # noqa: B010 - libraries take it from there


def _patch_plain_threads(variable: ContextVar[Any]) -> None:
    real = _thread.start_new_thread

    def start_new_thread(function: Callable[..., Any], *args: Any) -> int:
        return real(_with(variable, variable.get(), function), *args)

    setattr(_thread, "start_new_thread", start_new_thread)  # noqa: B010


def _patch_pools(variable: ContextVar[Any]) -> None:
    real = ThreadPoolExecutor.submit

    def submit(pool: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **more: Any) -> Future[Any]:
        return real(pool, _with(variable, variable.get(), fn), *args, **more)

    setattr(ThreadPoolExecutor, "submit", submit)  # noqa: B010


def _with(variable: ContextVar[Any], value: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    def run(*args: Any, **more: Any) -> Any:
        token = variable.set(value)
        try:
            return function(*args, **more)
        finally:
            variable.reset(token)

    return run
