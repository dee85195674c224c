"""Makes the requests of a walk: one parameter with a foreign value, all others as they should be."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.web.foreign.asgi import Question
from tests.web.foreign.values import JSONS, LONGEST_IN_A_PATH, NO_NUMBERS, TEXTS, quoted, sample

FORM = (b"content-type", b"application/x-www-form-urlencoded")
PARTS = (b"content-type", b"multipart/form-data; boundary=b")
JSON = (b"content-type", b"application/json")
Fields = Mapping[str, str | Sequence[str]]
Case = tuple[str, Question]
SHORT = [label for label, text in TEXTS.items() if len(text) < LONGEST_IN_A_PATH]


@dataclass(frozen=True, kw_only=True)
class Good:
    """A request as a route expects it: what stands in its path, what is posted, and the status that answers it.

    `form`: the fields of a task, inside of a JSON `body`. `file`: the field under which a small list is sent along.
    """

    paths: Mapping[str, str]
    status: int = 200
    fields: Fields | None = None
    file: str = ""
    body: Mapping[str, Any] | None = None
    form: Mapping[str, Any] | None = None


def question(method: str, path: str, good: Good) -> Question:
    """Returns the good request itself."""
    there = _filled(path, good.paths)
    if good.body is not None:
        return Question(method=method, path=there, headers=[JSON], body=_json(good.body))
    if good.file:
        return Question(method=method, path=there, headers=[PARTS], body=_parts(good, good.fields or {}))
    posted = _posted(good.fields or {})
    return Question(method=method, path=there, headers=[FORM] if posted else [], body=posted)


def in_path(path: str, base: Question, good: Good, most: int, seed: int) -> Iterator[Case]:
    for place, name in enumerate(names_of(path)):
        for label in sample(SHORT, most, seed + place):
            changed = {**good.paths, name: TEXTS[label]}
            yield f"path {name} = {label}", replace(base, path=_filled(path, changed))


def in_query(names: Sequence[str], base: Question, most: int, seed: int) -> Iterator[Case]:
    for place, name in enumerate(names):
        for label in sample(list(TEXTS), most, seed + place):
            yield f"query {name} = {label}", replace(base, query=f"{quoted(name)}={quoted(TEXTS[label])}")


def in_fields(names: Sequence[str], base: Question, good: Good, most: int, seed: int) -> Iterator[Case]:
    """Every other value stands behind the good one, for fields whose beginning is looked at."""
    fields = good.fields or {}
    for place, name in enumerate(names):
        for number, label in enumerate(sample(list(TEXTS), most, seed + place)):
            begin = fields.get(name, "") if (number + place) % 2 else ""
            changed = {**fields, name: (begin if isinstance(begin, str) else "") + TEXTS[label]}
            body = _parts(good, changed) if good.file else _posted(changed)
            yield f"field {name} = {label}", replace(base, body=body)


def in_file_name(base: Question, good: Good, most: int, seed: int) -> Iterator[Case]:
    for label in sample(list(TEXTS), most, seed) if good.file else ():
        yield f"file {good.file} = {label}", replace(base, body=_parts(good, good.fields or {}, TEXTS[label]))


def in_json(base: Question, good: Good, most: int, seed: int) -> Iterator[Case]:
    body, form = good.body or {}, good.form or {}
    for place, name in enumerate(body):
        for label in sample(list(JSONS), most, seed + place):
            yield f"JSON {name} = {label}", replace(base, body=_json({**body, name: JSONS[label]}))
        number = NO_NUMBERS[(seed + place) % len(NO_NUMBERS)]
        yield f"JSON {name} = {number[:9]}", replace(base, body=_with_number(body, name, number))
    for place, name in enumerate(form):
        for label in sample(list(JSONS), most, seed + place):
            changed = {**body, "form": {**form, name: JSONS[label]}}
            yield f"JSON form.{name} = {label}", replace(base, body=_json(changed))


def in_headers(names: Sequence[str], base: Question, most: int, seed: int) -> Iterator[Case]:
    for place, name in enumerate(names):
        for label in sample(SHORT, most, seed + place):
            kept = [pair for pair in base.headers if pair[0] != name.encode()]
            value = TEXTS[label].encode("utf-8", "surrogatepass")
            yield f"header {name} = {label}", replace(base, headers=[*kept, (name.encode(), value)])


def names_of(path: str) -> list[str]:
    return re.findall(r"{(\w+)}", path)


def _filled(path: str, values: Mapping[str, str]) -> str:
    return re.sub(r"{(\w+)}", lambda match: quoted(values[match[1]]), path)


def _pairs(fields: Fields) -> list[tuple[str, str]]:
    return [(name, one) for name, value in fields.items() for one in ([value] if isinstance(value, str) else value)]


def _posted(fields: Fields) -> bytes:
    return "&".join(f"{quoted(name)}={quoted(value)}" for name, value in _pairs(fields)).encode()


def _parts(good: Good, fields: Fields, filename: str = "people.csv") -> bytes:
    named = filename.replace('"', "%22").encode("utf-8", "surrogatepass")
    head = b'--b\r\nContent-Disposition: form-data; name="%b"' % good.file.encode()
    parts = [head + b'; filename="' + named + b'"\r\n\r\nemail,name\nben@example.com,Ben\n\r\n']
    for name, value in _pairs(fields):
        text = value.encode("utf-8", "surrogatepass")
        parts.append(b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (name.encode(), text))
    return b"".join(parts) + b"--b--\r\n"


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _with_number(body: Mapping[str, Any], name: str, number: str) -> bytes:
    return _json({**body, name: "HERE"}).replace(b'"HERE"', number.encode())
