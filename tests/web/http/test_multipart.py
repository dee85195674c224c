"""Posted forms are read as they stream in: files to disk, limits kept."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import pytest
from starlette.requests import Request

from webapp.errors import TooLarge, UserError
from webapp.files.store import Store
from webapp.web.http.budget import MB, Budget, RouteRule, Visitor
from webapp.web.http.multipart import FormData, read_posting

BOUNDARY = "b0undary"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
FORM = Budget(body=2 * MB, parts=20_000, files=3)


class _Settings:
    max_upload_mb = 1


class _Installation:
    settings = _Settings()
    store = Store(Path(tempfile.mkdtemp()))


class _Route:
    path = "/form"


class _App:
    class state:
        installation = _Installation()
        rules: ClassVar = {}


def part(name: str, body: bytes, filename: str | None = None) -> bytes:
    named = f'; filename="{filename}"' if filename is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + body + b"\r\n"


def read(
    body: bytes, kind: str = f"multipart/form-data; boundary={BOUNDARY}", step: int = 60_000, budget: Budget = FORM
):
    """The posting of this body, with the content of its files, as it comes in steps of that many bytes."""

    async def receive() -> dict[str, object]:
        nonlocal body
        chunk, body = body[:step], body[step:]
        return {"type": "http.request", "body": chunk, "more_body": bool(body)}

    async def posting() -> tuple[FormData, dict[str, bytes], list]:
        _App.state.rules["POST", _Route.path] = RouteRule(Visitor.SIGNED_IN, budget)
        headers = [(b"content-type", kind.encode())]
        scope = {"type": "http", "method": "POST", "headers": headers, "app": _App(), "route": _Route()}
        reading: AsyncIterator[FormData] = read_posting(Request(scope, receive))
        found = await anext(reading)
        contents = {name: upload.path.read_bytes() for name, upload in found.files.items()}
        paths = [upload.path for upload in found.files.values()]
        with pytest.raises(StopAsyncIteration):
            await anext(reading)
        return found, contents, paths

    # In a thread: Playwright leaves a loop running in the main one for as long as a browser test shares the process.
    with ThreadPoolExecutor() as pool:
        return pool.submit(asyncio.run, posting()).result()


END = f"--{BOUNDARY}--\r\n".encode()


@pytest.mark.parametrize("step", [1, 7, 60_000])
def test_fields_and_files_come_whole_however_they_are_cut(step):
    body = part("name", "Anä".encode()) + part("name", b"two") + part("file", b"a;b\r\n--1;2\r\n", "my data.csv") + END
    found, contents, _ = read(body, step=step)
    assert found.all("name") == ["Anä", "two"]
    assert found.one("name") == "two"
    assert contents == {"file": b"a;b\r\n--1;2\r\n"}
    assert found.files["file"].name == "my data.csv"
    assert found.files["file"].size == len(contents["file"])


def test_a_large_file_is_on_disk_byte_for_byte_and_gone_after_the_answer():
    content = bytes(range(256)) * 4_000
    _, contents, paths = read(part("file", content, "x.bin") + END)
    assert contents["file"] == content
    assert not paths[0].exists()


def test_a_file_over_the_limit_is_refused_and_what_was_typed_is_kept():
    body = part("before", b"1") + part("file", b"x" * (MB + 1), "big.csv") + part("after", b"2") + END
    found, contents, _ = read(body)
    assert found.refused == {"file": "This file is larger than 1 MB, the limit of this panel."}
    assert contents == {}
    assert (found.one("before"), found.one("after")) == ("1", "2")


def test_a_file_of_exactly_the_limit_is_taken():
    found, contents, _ = read(part("file", b"x" * MB, "x.csv") + END)
    assert found.refused == {}
    assert len(contents["file"]) == MB


def test_a_file_that_goes_to_disk_in_many_steps_comes_whole_between_other_fields(monkeypatch):
    monkeypatch.setattr("webapp.web.http.multipart.FLUSH_BYTES", 10_000)
    content = bytes(range(256)) * 2_000
    body = part("before", b"a") + part("file", content, "x.csv") + part("second", content[::-1], "y.csv")
    found, contents, _ = read(body + part("after", b"b") + END, step=7_001)
    assert contents == {"file": content, "second": content[::-1]}
    assert (found.one("before"), found.one("after")) == ("a", "b")


def test_what_never_ends_is_cut_off():
    with pytest.raises(TooLarge):
        read(part("file", b"x" * (9 * MB), "big.csv") + END)


def test_no_file_chosen_is_no_file():
    found, _, _ = read(part("file", b"", "") + END)
    assert found.files == {}


def test_an_empty_file_is_a_file():
    found, contents, _ = read(part("file", b"", "empty.csv") + END)
    assert contents == {"file": b""}
    assert found.files["file"].size == 0


def test_more_text_than_a_form_may_hold_is_refused():
    with pytest.raises(TooLarge):
        read(part("text", b"x" * (FORM.body + 1)) + END)
    with pytest.raises(TooLarge):
        read(b"text=" + b"x" * FORM.body, "application/x-www-form-urlencoded")


def test_more_fields_or_files_than_the_budget_are_refused():
    two = Budget(body=MB, parts=2, files=1)
    for body in (part("a", b"1") * 3, part("a", b"1", "x.csv") + part("b", b"1", "y.csv")):
        with pytest.raises(UserError):
            read(body + END, budget=two)
    with pytest.raises(UserError):
        read(b"a=1&b=2&c=3", "application/x-www-form-urlencoded", budget=two)
    with pytest.raises(UserError, match="takes no files"):
        read(part("a", b"1", "x.csv") + END, budget=Budget(body=MB, parts=2))


def test_a_plain_form_is_read_with_its_empty_values():
    found, _, _ = read(b"a=1&a=2&b=&c=%C3%A4+%26", "application/x-www-form-urlencoded")
    assert found.values == {"a": ["1", "2"], "b": [""], "c": ["ä &"]}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"nonsense", f"multipart/form-data; boundary={BOUNDARY}"),
        (b"{}", "application/json"),
        (b"a=1", "multipart/form-data"),
        (b"\xff=1", "application/x-www-form-urlencoded"),
    ],
)
def test_what_is_no_form_is_refused_in_plain_words(body, kind):
    with pytest.raises(UserError, match="not a form"):
        read(body, kind)
