"""What nobody means: values that break a driver, a number, a column, or the patience of a reader."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

# The first is put into every parameter, of the others some.
TEXTS = {
    "a text with NUL": "a\0b",
    "5,000 digits": "9" * 5_000,
    "half a character": "\ud800",
    "more than a database counts": str(2**63),
    "negative": "-1",
    "100,000 characters": "x" * 100_000,
    "an object of wrong parts": '{"column": [], "name": {}, "value": [[]], "how": {}, "direction": [], "is": {}}',
    "more than 32 bits": str(2**31),
    "300 wide characters": "語" * 300,
    "nested lists": '[["a"]]',
    "no finite number": "1e999",
    "half a character in JSON": r'{"column": "\ud800", "name": "\ud800", "title": "\u0000"}',
    "a deep object": '{"a":' * 5_000,
    "no number": "NaN",
    "no finite number in JSON": '{"column": 1e999, "value": NaN}',
    "an empty list": "[]",
    "an empty object": "{}",
    "a deep list": "[" * 5_000,
    "digits of others": "٣",
    "more than 64 bits": str(2**64),
    "directions": "\u202eabc\u2066",
    "signs of a pattern": "%_\\';--",
    "line breaks": "a\r\nb\u2028c",
    "no host": "http://[",
    "the first day": "0001-01-01",
    "zero": "0",
    "NUL": "\0",
    "nothing": "",
}
ALWAYS = 1
LONGEST_IN_A_PATH = 6_000  # characters; servers take no longer line

JSONS: dict[str, Any] = {
    "NUL": "a\0b",
    "half a character": "\ud800",
    "nested lists": [["a"], [[]]],
    "an object of lists": {"a": [], "column": [], "name": {}, "value": [[]], "how": {}},
    "an empty list": [],
    "an empty object": {},
    "huge": 2**70,
    "negative": -1,
    "a list of objects": [{}],
    "100,000 characters": "x" * 100_000,
    "5,000 digits": "9" * 5_000,
    "a list of numbers": [1, 2**70, -1],
    "a list of nothing": [None],
    "a fraction": 0.5,
    "true": True,
    "nothing": None,
    "a text": "x",
}
# No JSON (RFC 8259), or more than a number can hold: written into a body as they stand.
NO_NUMBERS = ("NaN", "-Infinity", "1e999", "9" * 5_000, "-" + "9" * 5_000)


def quoted(text: str) -> str:
    """Returns the text as a part of a URL or of a posted form, half characters too."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def sample(names: Sequence[str], number: int, seed: int) -> list[str]:
    """Returns `number` of these, the first ALWAYS among them; the others change with the seed, not with the run."""
    fixed, rest = list(names[:ALWAYS]), names[ALWAYS:]
    left = max(0, min(number - ALWAYS, len(rest)))
    return [*fixed[:number], *(rest[(seed * left + place) % len(rest)] for place in range(left))]
