"""No text that people or programs send can hold the interpreter: all work grows with its length, not faster.

Growth is measured (a text, and one four times as long), never time: see growth.py.
"""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy
from starlette.requests import Request

from tests.growth import MARKDOWN, Work, calls_too_much, computes_too_much, texts
from webapp.accounts import validation
from webapp.clock import now, today
from webapp.connections.query_values import typed as query_values
from webapp.connections.unsubscribe_tokens import UnsubscribeTokens
from webapp.files.store import safe_name
from webapp.kinds.email.notes import _literal
from webapp.mail import merge, recipients, replies, url
from webapp.mail.compose import Letter
from webapp.mail.envelope import dotted
from webapp.mail.headers import encoded
from webapp.mail.html import page
from webapp.mail.list_update import unguarded
from webapp.mail.outbox import file_name
from webapp.mail.parts import text_part
from webapp.mail.preview import Draft, draw
from webapp.markup import clean, plain, weight
from webapp.notify import limits, logfile, services, template
from webapp.paths import TEMPLATES
from webapp.ports.csv_cells import guarded
from webapp.ports.json_text import load_json
from webapp.ports.names import one_line
from webapp.ports.tables import Parameter
from webapp.ports.urls import split_url
from webapp.reports.reading import cells, column_names, dialect, sheet_xml, sql, zip_limits
from webapp.reports.reading.value_formats import FORMATS
from webapp.reports.shaping.filter_values import filter_value
from webapp.reports.shaping.periods import span
from webapp.reports.shaping.plan import Filter
from webapp.reports.writing import filenames, pdf
from webapp.web.http import cookies, csv_response, multipart, redirects, user_agents

ROOT = TEMPLATES.parent
TODAY = today(ZoneInfo("UTC"))
DRAWN, SCANNED = 400, 2_000  # characters of the shorter text
WRITES = Letter(subject="Hello", body="{{a}} [x]({{a}})", sender="office@example.com")


def mail(text: str) -> None:
    Letter(subject=text[:200], body=text, sender="office@example.com").to(
        "ana@example.com", message_id="<1@x>", date=now(), values={"a": "b"}
    )


def cell_in_mail(text: str) -> None:
    WRITES.to("ana@example.com", message_id="<1@x>", date=now(), values={"a": text})


def hook(text: str) -> None:
    template.fill(text, {"a": ["b"]})
    template.fill("{{ text }}", text)
    template.check(text, "title")


def marks(text: str) -> None:
    made = merge.Marks.of(text)
    made.take_back(made.put(text))


def filters(text: str) -> None:
    for kind in ("number", "date", "yes-no", "text"):
        try:
            filter_value(Filter("a", "=", text), kind, TODAY)
        except ValueError:
            continue


def cookie(text: str) -> None:
    scope = {"type": "http", "headers": [(b"cookie", f'outtray="{text}"'.encode("utf-8", "replace"))]}
    _ = Request(cookies.without_escapes(scope)).cookies


def options(text: str) -> None:
    multipart.parse_options_header(f'form-data; name="{text}"'.encode("utf-8", "replace"))
    multipart.parse_options_header(f"form-data; {text}".encode("utf-8", "replace"))


def sheets(text: str) -> None:
    xml = text.encode("utf-8", "replace")
    sheet_xml._ERROR.findall(xml + b' t="e"')
    sheet_xml._NO_RESULT.findall(xml + b"<f></f>")
    zip_limits._CELL.findall(xml)
    sheet_xml._value(text, "name")


def service(text: str) -> None:
    for name, known in services.SERVICES.items():
        for start in ("", "https://hooks.slack.com/services/", "https://discord.com/api/webhooks/"):
            try:
                known.build({field.name: start + text for field in known.fields})
            except ValueError:
                continue
        assert name


def csv_file(folder: Path) -> Work:
    def work(text: str) -> None:
        path = folder / "a.csv"
        path.write_text(text, "utf-8", errors="replace", newline="")
        dialect.find(path, "a.csv")

    return work


DRAWING: dict[str, Work] = {
    "a page": lambda text: clean.shown.__wrapped__(text),
    "plain text": plain.plain,
    "an email": mail,
    "a preview": lambda text: draw(Draft(subject=text[:200], body=text, sender="a@example.com"), "a@example.com", {}),
}
SCANNING: dict[str, Work] = {
    "HTML": lambda text: page(text[:200], text),
    "stored HTML": clean.shown_again,
    "merge fields": lambda text: merge.unknown_fields(["a"], text),
    "filling fields": lambda text: merge.fill(text, {"a": "b"}),
    "a line with fields": lambda text: merge.fill_line(text, {"a": "b"}),
    "marks": marks,
    "a cell in an email": cell_in_mail,
    "a subject": lambda text: encoded(text[:200]),
    "a part of an email": lambda text: text_part(text, "plain"),
    "the content of an email": lambda text: dotted(text.encode("utf-8", "replace")),
    "a reply of a mail server": lambda text: replies.refused("RCPT", 550, text.encode("utf-8", "replace")),
    "a note": _literal,
    "as typed": clean.as_typed,
    "the weight of a text": weight.seconds_to_draw,
    "a hook": hook,
    "addresses": recipients.read_addresses,
    "one address": recipients.one_address,
    "an address with a name": lambda text: recipients.one_address(f"{text} <ana@example.com>"),
    "a person's address": validation.email,
    "a person's name": one_line,
    "a sender": url.read_sender,
    "a mail server": url.read_url,
    "services": service,
    "a line of the log file": logfile.one_line,
    "text messages": limits.sms_parts,
    "the name of a file": safe_name,
    "the name of a report": lambda text: filenames.safe(text, "csv"),
    "the name of a message": file_name,
    "a cell of a PDF": pdf._breakable,
    "filters": filters,
    "days": lambda text: span(text, TODAY),
    "the value of a query": lambda text: query_values(
        [Parameter("a", type="number")], {"a": text}, TODAY, lambda one: ()
    ),
    "a query": sql.require_reading,
    "a query that reads": lambda text: sql.require_reading(f"select {text}"),
    "names in a query": lambda text: sqlalchemy.text(text).compile(),
    "the address of a database": lambda text: sqlalchemy.make_url(f"postgresql://{text}"),
    "a cell with a guard": lambda text: unguarded(guarded(text)),
    "lines of a CSV file": lambda text: csv_response.lines([[text], *([one] for one in text)]),
    "names of columns": lambda text: column_names.made_unique([text]),
    "cells of workbooks": cells.shown,
    "sheets": sheets,
    "formats of values": lambda text: [one.fits(text) for one in FORMATS],
    "JSON": load_json,
    "a text in JSON": lambda text: load_json(f'["{text}"]'),
    "cookies": cookie,
    "headers of parts": options,
    "a browser": user_agents.named,
    "a URL": lambda text: split_url(f"http://{text}"),
    "a path": redirects.safe_path,
    "an unsubscribe link": UnsubscribeTokens(b"x" * 32).read,
}


@pytest.mark.parametrize("name", DRAWING)
def test_drawing_a_text_takes_work_in_proportion_to_its_length(name):
    found = {what: calls_too_much(DRAWING[name], text, DRAWN) for what, text in texts(MARKDOWN).items()}
    assert {what: growth for what, growth in found.items() if growth} == {}


@pytest.mark.parametrize("name", SCANNING)
def test_reading_a_text_takes_time_in_proportion_to_its_length(name):
    assert _too_fast(SCANNING[name]) == {}


@pytest.mark.parametrize("tables", ["one", "many"])
def test_tables_take_work_in_proportion_to_the_length_of_the_text(tables):
    def one_table(length: int) -> str:
        return "|a" * (length // 8) + "|\n" + "|-" * (length // 8) + "|\n" + "a\n" * (length // 4)

    def many_tables(length: int) -> str:
        return ("|a" * 60 + "|\n" + "|-" * 60 + "|\n" + "a\n" * 400 + "\n") * (length // 1_040)

    assert not calls_too_much(DRAWING["a page"], one_table if tables == "one" else many_tables, 5_200)


def test_detecting_the_dialect_of_a_text_takes_time_in_proportion_to_its_length(tmp_path):
    assert _too_fast(csv_file(tmp_path)) == {}


def patterns() -> Iterator[tuple[str, re.Pattern, str]]:
    """Every pattern in the source that is written out, with the methods by which its module uses it."""
    for path in sorted((ROOT / "webapp").rglob("*.py")):
        source = path.read_text("utf-8")
        if not re.search(r"^ *(import re|from re import .*)$", source, re.M):
            continue
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for attribute, value in vars(importlib.import_module(name)).items():
            if isinstance(value, re.Pattern):
                for method in sorted(set(re.findall(rf"\b{attribute}\.(\w+)\(", source))):
                    yield f"{name}.{attribute}", value, method
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="re"), attr=method), args=[ast.Constant(value=pattern), *_]
                ) if method not in ("compile", "escape"):
                    yield f"{name}:{node.lineno}", re.compile(pattern), method


@pytest.mark.parametrize(
    ("pattern", "method"),
    [pytest.param(pattern, method, id=f"{where} {method}") for where, pattern, method in patterns()],
)
def test_matching_a_pattern_takes_time_in_proportion_to_the_length_of_the_text(pattern, method):
    is_bytes = isinstance(pattern.pattern, bytes)
    match = (lambda text: pattern.sub(b"" if is_bytes else "", text)) if method == "sub" else getattr(pattern, method)
    work = (lambda text: match(text.encode("utf-8", "replace"))) if is_bytes else match
    assert _too_fast(work) == {}


# Merge fields and cells of sheets, as they were read once.
@pytest.mark.parametrize(
    ("pattern", "start", "length"), [(r"\{\{\s*([^{}]{1,200}?)\s*\}\}", "{{ ", 300), (r"<c [^>]*?\br=", "<c ", 3_000)]
)
def test_a_pattern_that_goes_back_is_noticed(pattern, start, length):
    text = texts((start,))[repr(start)] if start == "<c " else lambda length: start + " " * length
    assert computes_too_much(re.compile(pattern).findall, text, length)


def test_a_function_that_goes_back_is_noticed():
    def quadratic(text: str) -> None:
        for place in range(len(text)):
            text.find("b", place)
            [letter.isupper() for letter in text[place:]]

    assert calls_too_much(quadratic, lambda length: "a" * length, 50)


def _too_fast(work: Work) -> dict[str, str]:
    found = {what: computes_too_much(work, text, SCANNED) for what, text in texts().items()}
    return {what: growth for what, growth in found.items() if growth}
