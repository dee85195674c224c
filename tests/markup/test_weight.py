"""A page draws light texts itself, and has heavy ones drawn in a child process with limits."""

import os

import pytest

from webapp.errors import UserError
from webapp.markup import weight
from webapp.markup.weight import LIGHT, seconds_to_draw, within_limits

PROSE = "Dear **Ana**,\n\nthe office is closed on [Monday](https://example.com). We open again on Tuesday.\n" * 20


@pytest.mark.parametrize(("text", "is_light"), [(PROSE, True), ("![" * 4_900, False), ("|a" * 5_000, False)])
def test_only_texts_with_very_many_marks_are_heavy(text, is_light):
    assert (seconds_to_draw(text) <= LIGHT) == is_light


def test_a_heavy_function_runs_in_another_process():
    assert within_limits(LIGHT, os.getpid) == os.getpid()
    assert within_limits(LIGHT * 2, os.getpid) != os.getpid()


def test_what_takes_too_long_ends_in_a_message(monkeypatch):
    monkeypatch.setattr(weight, "SECONDS", 1.0)
    with pytest.raises(UserError, match="The preview needs more than 1 seconds of computing time"):
        within_limits(1.0, sum, range(10**12))
