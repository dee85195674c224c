"""Measures how the work of a function grows with the length of its text; says nothing of how long it takes."""

import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

FLOOR = 0.0005  # seconds that every measurement may be off by
MOST = 9.0  # for four times the text: linear work is 4, quadratic 16
TRIES = 5

Work = Callable[[str], Any]

# A few signs that scanners look for, and what has been a fault of one: repeated up to the length of the text.
MARKDOWN = (
    "*", "**", "*a", "_", "`", "[", "](", "![", "[a](", "[a][", "[[", "[![", "![a](b)", "(", ")", "<", "<a",
    "<a@", "&",
    "&#", "\\", "|", "#", "!", ">", "-", "*a ", "*a_b ", "**a ", "~~a", "`a``", '[a](b "', "[a]: b\n", "[\n", "> a\n",
    "- a\n", "1. a\n", "a\n", "\n", "=\n",
)  # fmt: skip
UNITS = (
    *MARKDOWN, "a", "é", "0", "1", "1.", "1,", "+", "=", "]", "{", "{{", "{{a", "{{a}}", "}", "</", "<!--", "&a", '"',
    '\\"', '"\\', "'", "\\0", "|a", ",", "a,", ";", "a;", "@", "a@", "a@b.", "a@b.c,", ".", "..", "a.", "/",
    "//", "/*", "*/",
    "--", ":", ":a", "::", "%", "%a", "?", "?a=", "$", "^", "=?", "xn--", "1e", "PT1H", "<c", 'r="A1"', 't="e"', "<f",
    "<row", "hooks/", "/hooks/a", "a=", '="', "bytes=", "http://", "5.1.", "2026-", "ａ", "＝", " ", "\t",
    "\r\n", "\u200b",
    "a ", "{{ ", '"a" ', "--\n", "<c ", '<c r="A1" ', ' r="A1"', ' t="e"', "last ", "row ",
)  # fmt: skip
STARTS = ('"', "{{", "[", "<", "/*", "<c ", '<c r="A1"', "a@", "[a](")


def texts(units: Sequence[str] = UNITS) -> dict[str, Callable[[int], str]]:
    """Returns the texts, by what they are made of; each is a function of the length."""
    made = {repr(unit): _repeated(unit) for unit in units}
    return made | {f"{start!r}, then {unit!r}": _repeated(unit, start) for start in STARTS for unit in (" ", "a", "\\")}


def _repeated(unit: str, start: str = "") -> Callable[[int], str]:
    return lambda length: (start + unit * (length // len(unit) + 1))[:length]


def calls_too_much(work: Work, text: Callable[[int], str], length: int) -> str:
    """Returns by how much the calls of functions grow for a text four times as long; empty if that is linear."""
    before, after = calls_of(work, text(length)), calls_of(work, text(4 * length))
    return f"{after:,} calls after {before:,}" if after > MOST * (before + 100) else ""


def computes_too_much(work: Work, text: Callable[[int], str], length: int) -> str:
    """Does the same for what C code does alone, of which only processor time can be compared."""
    for _ in range(TRIES):  # another process may have been in the way
        before, after = seconds_of(work, text(length)), seconds_of(work, text(4 * length))
        if after <= MOST * (before + FLOOR):
            return ""
    return f"{after / before:.1f} times the time"


def calls_of(work: Work, text: str) -> int:
    """Returns how many functions are called, those in C too."""
    count = 0

    def note(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        _run(work, text)
    finally:
        sys.setprofile(None)
    return count


def seconds_of(work: Work, text: str) -> float:
    """Returns the processor time of this thread."""
    start = time.thread_time()
    _run(work, text)
    return time.thread_time() - start


def _run(work: Work, text: str) -> None:
    """What is wrong with a text may be said; RecursionError and the like are no such answer."""
    try:
        work(text)
    except RecursionError:
        raise
    except Exception as error:
        if not isinstance(error, ValueError | KeyError) and type(error).__module__.partition(".")[0] not in EXPECTED:
            raise


EXPECTED = ("webapp", "sqlalchemy", "fastapi", "_csv")
