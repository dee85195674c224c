"""Puts the values of a list's row into a message: plain substitution, so that nothing in a cell can run."""

import hashlib
import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from webapp.markup.links import safe_target

LONGEST_NAME = 200  # characters of a field's name; a longer one is text
LONGEST = 2_000_000  # characters of a filled text: 40,000 fields could each stand for a cell of 32,767
TOO_LONG = f"with its fields filled it has more than {LONGEST:,} characters"
# A name holds no brace, and what it has taken is not given back ("++"): every character is read once.
_FIELD = re.compile(r"\{\{([^{}]++)\}\}")
ALWAYS = "email"  # the field that every message can use
Values = Mapping[str, str]


def key_of(name: str) -> str:
    """Returns the key of a field: {{ Name }}, {{name}} and {{ NAME }} are one."""
    return " ".join(name.split()).casefold()


def values_for(to: str, row: Values) -> dict[str, str]:
    """Returns the values of the fields of one message; `row` maps the columns of the list to its cells."""
    return {ALWAYS: to, **{key_of(name): value for name, value in row.items()}}


def fields_of(*texts: str) -> list[str]:
    """Returns the fields that these texts name, each once, as they were first written."""
    found: dict[str, str] = {}
    for text in texts:
        for name in _names(text):
            found.setdefault(key_of(name), " ".join(name.split()))
    return list(found.values())


def _names(text: str) -> Iterator[str]:
    return (name for inner in _FIELD.findall(text) if len(name := inner.strip()) <= LONGEST_NAME)


def unknown_fields(columns: Sequence[str], *texts: str) -> list[str]:
    """Fields that no column fills."""
    known = {key_of(column) for column in columns}
    return [name for name in fields_of(*texts) if key_of(name) not in known]


def fill(text: str, values: Values) -> str:
    """Returns the text with its fields filled; `values` by `key_of`; raises ValueError if it gets too long."""
    return _replaced(text, lambda name: values.get(key_of(name), ""))


def _replaced(text: str, put: Callable[[str], str]) -> str:
    length = _Length(len(text))

    def replace(found: re.Match[str]) -> str:
        name = found[1].strip()
        return length.add(put(name)) if len(name) <= LONGEST_NAME else found[0]

    return _FIELD.sub(replace, text)


class _Length:
    """Counts the characters of a text while its fields are filled."""

    def __init__(self, length: int) -> None:
        self._length = length

    def add(self, value: str) -> str:
        """Returns the value; raises ValueError if the text gets too long with it."""
        self._length += len(value)
        if self._length > LONGEST:
            raise ValueError(TOO_LONG)
        return value


def fill_line(text: str, values: Values) -> str:
    """Returns the filled text on one line, for a header."""
    return " ".join(fill(text, values).split())


@dataclass(frozen=True)
class Marks:
    """Marks that stand in HTML for the fields of a text: made once for a run, filled for each of its messages."""

    names: Sequence[str]
    mark: str

    @classmethod
    def of(cls, *texts: str) -> "Marks":
        return cls(fields_of(*texts), f"q{hashlib.sha256(chr(0).join(texts).encode()).hexdigest()[:12]}")

    def put(self, text: str) -> str:
        """Returns the text with a mark, which Markdown leaves as it is, instead of each field."""
        numbers = {key_of(name): number for number, name in enumerate(self.names)}
        return _replaced(text, lambda name: f"{self.mark}n{numbers[key_of(name)]}e")

    def take_back(self, text: str) -> str:
        """Returns the text with its fields, as they stood in it."""
        return self._mark.sub(lambda found: f"{{{{ {self.names[int(found[1])]} }}}}", text)

    def fill(self, page: str, values: Values) -> str:
        """Returns the HTML of one message; raises ValueError if it gets too long."""
        if not self.names:
            return page
        length = _Length(len(page))

        def value(number: str) -> str:
            return length.add(values.get(key_of(self.names[int(number)]), ""))

        return self._place.sub(lambda found: self._filled(found, value), page)

    @cached_property
    def _mark(self) -> re.Pattern[str]:
        return re.compile(rf"{self.mark}n([0-9]{{1,9}})e")

    @cached_property
    def _place(self) -> re.Pattern[str]:
        # The address of a link is judged as a whole, with its fields filled: “java{{ Name }}” can become anything.
        return re.compile(rf'(?P<attribute>href|src)="(?P<target>[^"]*+)"|{self.mark}n(?P<number>[0-9]{{1,9}})e')

    def _filled(self, found: re.Match[str], value: Callable[[str], str]) -> str:
        if found["number"]:
            return html.escape(value(found["number"]))
        if self.mark not in found["target"]:
            return found[0]
        target = self._mark.sub(lambda mark: value(mark[1]), html.unescape(found["target"]))
        safe = safe_target(target, is_image=found["attribute"] == "src")
        return f'{found["attribute"]}="{html.escape(safe)}"'
