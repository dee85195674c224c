"""What people may call what they keep: channels, lists, templates, shortcuts, servers, queries, databases, tokens."""

import unicodedata

from webapp.errors import UserError

LONGEST_NAME = 100  # characters
EMPTY = "Give it a name."
TOO_LONG = f"The name has more than {LONGEST_NAME} characters. Give it a shorter one."
_HIDDEN = ("Cc", "Cs", "Zl", "Zp")  # controls, halves of characters, ends of lines and of paragraphs
_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # would turn the text around it


def read_name(text: str, field: str = "name", *, empty: str = EMPTY) -> str:
    """Returns the name on one line with single spaces; raises UserError if it is empty or too long."""
    name = one_line(text)
    if not name:
        raise UserError(empty, field)
    if len(name) > LONGEST_NAME:
        raise UserError(TOO_LONG, field)
    return name


def one_line(text: str) -> str:
    """Returns the text without control characters and with single spaces; empty if nothing of it can be seen."""
    shown = "".join(" " if unicodedata.category(c) in _HIDDEN or c in _DIRECTIONS else c for c in text)
    line = " ".join(shown.split())
    return line if any(c.isprintable() and not c.isspace() for c in line) else ""
