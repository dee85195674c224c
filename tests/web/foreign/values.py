"""What nobody means: values that break a driver, a number, a column, or the patience of a reader."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

TEXTS = {
    "NUL": "\0",
    "a text with NUL": "a\0b",
    "half a character": "\ud800",
    "5,000 digits": "9" * 5_000,
    "more than a database counts": str(2**63),
    "more than 64 bits": str(2**64),
    "more than 32 bits": str(2**31),
    "negative": "-1",
    "no finite number": "1e999",
    "no number": "NaN",
    "100,000 characters": "x" * 100_000,
    "300 wide characters": "語" * 300,
    "a list": "[]",
    "an object": "{}",
    "nested lists": '[["a"]]',
    "an object of wrong parts": '{"column": [], "name": {}, "value": [[]], "how": {}, "direction": [], "is": {}}',
    "a deep list": "[" * 20_000,
    "a deep object": '{"a":' * 20_000,
    "half a character in JSON": r'{"column": "\ud800", "name": "\ud800", "title": "\u0000"}',
    "no finite number in JSON": '{"column": 1e999, "value": NaN}',
    "digits of others": "٣",
    "directions": "\u202eabc\u2066",
    "signs of a pattern": "%_\\';--",
    "line breaks": "a\r\nb\u2028c",
    "no host": "http://[",
    "a date out of reach": "0001-01-01",
    "zero": "0",
    "nothing": "",
}

JSONS: dict[str, Any] = {
    "NUL": "a\0b",
    "half a character": "\ud800",
    "huge": 2**70,
    "negative": -1,
    "a fraction": 0.5,
    "5,000 digits": "9" * 5_000,
    "a long text": "x" * 100_000,
    "a list": [],
    "an object": {},
    "nested lists": [["a"], [[]]],
    "a list of objects": [{}],
    "an object of lists": {"a": [], "column": [], "name": {}, "value": [[]], "how": {}},
    "a list of numbers": [1, 2**70, -1],
    "a list of nothing": [None],
    "true": True,
    "nothing": None,
    "a text": "x",
}
# No JSON (RFC 8259), or more than a number can hold: written into the body as they stand.
NUMBERS = ("NaN", "Infinity", "-Infinity", "1e999", "9" * 5_000, "-" + "9" * 5_000)


def encoded(text: str) -> str:
    """As a part of a URL or of a posted form, half characters too."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def sample(names: Sequence[str], number: int, seed: int) -> list[str]:
    """`number` of these, others for another seed; the same in each run."""
    step = max(1, len(names) // max(1, number))
    return [names[(seed + place * step) % len(names)] for place in range(min(number, len(names)))]
