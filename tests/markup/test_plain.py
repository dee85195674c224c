"""The plain part says what the message says, line by line, and its links can be opened."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.markup.plain import plain


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("Dear **Ana**, *hello* and ~~no~~", "Dear Ana, hello and no"),
        ("[Pay](https://example.com/a?b=1&c) now", "Pay (https://example.com/a?b=1&c) now"),
        ("<https://example.com> or <ana@example.com>", "https://example.com or ana@example.com"),
        ("# Opening hours\n\nWe open.", "Opening hours\n\nWe open."),
        ("- **one**\n- two\n  1. *three*", "- one\n- two\n  1. three"),
        ("> **quoted**\n> words", "> quoted\n> words"),
        ("one\ntwo  \n**three**\\\nfour", "one\ntwo\nthree\nfour"),
        ("| a | **b** |\n|---|---|\n| 1 | 2 |", "| a | **b** |\n|---|---|\n| 1 | 2 |"),
        ("```\n**code**\n```", "```\n**code**\n```"),
        ("2 * 3 * 4, a_b_c, \\*not\\*", "2 * 3 * 4, a_b_c, *not*"),
        ("C# and #1\n\n---\n\n-- \nAna", "C# and #1\n\n---\n\n-- \nAna"),
        ("", ""),
    ],
)
def test_the_signs_go_and_the_words_stay(typed, told):
    assert plain(typed) == told


@given(st.text(alphabet="ab *_`[]()<>#-!\n\\|~&;1.", max_size=60))
def test_whatever_is_typed_keeps_its_lines(typed):
    assert plain(typed).count("\n") == typed.count("\n")
