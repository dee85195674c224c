"""Puts the values of a list's row into a message: plain substitution, so that nothing in a cell can run."""

import hashlib
import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

FIELD = re.compile(r"\{\{\s*([^{}]{1,200}?)\s*\}\}")
LINK = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)
ALWAYS = "email"  # the field that every message can use
Values = Mapping[str, str]


def key_of(name: str) -> str:
    """{{ Name }}, {{name}} and {{ NAME }} are one field."""
    return " ".join(name.split()).casefold()


def values_for(to: str, row: Values) -> dict[str, str]:
    """What the fields of a message to somebody stand for; `row` as in the list, by the names of its columns."""
    return {ALWAYS: to, **{key_of(name): value for name, value in row.items()}}


def fields_of(*texts: str) -> list[str]:
    """The fields that these texts name, each once, as they were first written."""
    found: dict[str, str] = {}
    for text in texts:
        for name in FIELD.findall(text):
            found.setdefault(key_of(name), " ".join(name.split()))
    return list(found.values())


def unknown_fields(columns: Sequence[str], *texts: str) -> list[str]:
    """Fields that no column fills."""
    known = {key_of(column) for column in columns}
    return [name for name in fields_of(*texts) if key_of(name) not in known]


def fill(text: str, values: Values) -> str:
    """The text with its fields filled; `values` are named as by `key_of`."""
    return FIELD.sub(lambda match: values.get(key_of(match[1]), ""), text)


def fill_line(text: str, values: Values) -> str:
    """The same on one line, for a header."""
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
        """The text with a mark, which Markdown leaves as it is, in the place of each field."""
        places = {key_of(name): place for place, name in enumerate(self.names)}
        return FIELD.sub(lambda match: f"{self.mark}n{places[key_of(match[1])]}e", text)

    def take_back(self, text: str) -> str:
        """The text with its fields, as they stood in it."""
        return re.sub(rf"{self.mark}n(\d+)e", lambda found: f"{{{{ {self.names[int(found[1])]} }}}}", text)

    def fill(self, page: str, values: Values) -> str:
        """The HTML of one message."""
        return self._pattern.sub(lambda found: self._filled(found, values), page) if self.names else page

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        # A field that begins a link's address decides where it leads: only there a value could do harm.
        return re.compile(rf'(?P<link>(?:href|src)=")?{self.mark}n(?P<number>\d+)e')

    def _filled(self, found: re.Match[str], values: Values) -> str:
        value = values.get(key_of(self.names[int(found["number"])]), "")
        if not found["link"]:
            return html.escape(value)
        target = f"https://{value}" if value.lower().startswith("www.") else value
        return found["link"] + (html.escape(target) if LINK.match(target) else "#")
