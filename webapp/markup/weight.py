"""Decides where a text is drawn: a light one at once, a heavy one in a child process with limits.

Markdown is linear in the length of a text, but 200,000 characters can take seconds, in which no other thread runs.
"""

from collections.abc import Callable
from typing import TypeVar

from webapp import sandbox
from webapp.sandbox_permits import patience

T = TypeVar("T")
LIGHT = 0.05  # seconds of a core that a page may spend in its own thread; the start of a child takes 0.15
WAIT = 10.0  # seconds for a permit; a preview is of use only while its form is being filled in
SECONDS, MEMORY_MB = 20.0, 512
ADVICE = "Write a shorter message, or send it without a preview."
_MARKS = "*_~`[]()<>!|\\&#-+:\n@"
_MARK, _LETTER = 15e-6, 0.1e-6  # seconds, measured with the worst of each kind: “![”, and plain words


def seconds_to_draw(text: str) -> float:
    """Returns about the most seconds that Markdown needs for this text once."""
    return len(text) * _LETTER + sum(map(text.count, _MARKS)) * _MARK


def within_limits(seconds: float, function: Callable[..., T], *args: object) -> T:
    """Returns what `function(*args)` returns, which needs up to `seconds`.

    Raises UserError if it takes too long, Busy if no child may be started in time.
    """
    if seconds <= LIGHT:
        return function(*args)
    with patience(WAIT):
        return sandbox.call(function, *args, seconds=SECONDS, memory_mb=MEMORY_MB, what="The preview", advice=ADVICE)
